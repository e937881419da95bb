# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Counts, rates and latencies of the caption stream."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from time import monotonic

import numpy as np

WINDOW = 5.0
"""Seconds that rates are taken over."""
LATENCIES = 500
"""How many of the latest captions latencies are taken over."""
REMEMBERED = 60.0
"""Seconds that a failure stays worth a warning, and a caption held back a word."""
PLAUSIBLE = 10_000
"""Images that one report of the middleware can say are lost; Fast DDS says 2147483647 for one."""
UNSURE = "low_confidence"
"""The drop reason of captions that were made but are not sure enough."""
NO_VIEW = "no_view"
"""The drop reason of images that show nothing."""
INFERENCE, OUT_OF_MEMORY = "inference", "out_of_memory"
"""The drop reasons of images for which the captioner failed."""
DROP_REASONS = (
    *("overrun", "rate", "shutdown", NO_VIEW, "not_a_keyframe", UNSURE),
    *(OUT_OF_MEMORY, INFERENCE),
)
"""All reasons but `malformed_…`, which ends in one of `image_conversions.REASONS`."""


@dataclass(frozen=True)
class Snapshot:
    """The statistics of one moment.

    Attributes:
        received: images that came.
        lost: images that the middleware lost on their way here.
        impossible_losses: reports of it that said more than can be, each counted as one.
        captioned: images that a caption of all passes went out for.
        dropped: images by the reason they got no caption.
        input_rate: Hz.
        loss: share of the images of the last seconds that were lost on their way, 0 to 1.
        caption_rate: Hz.
        latency_ms: from receiving an image to publishing its last caption: p50 and p99.
        glance_latency_ms: to publishing the one of the glance before it: p50 and p99.
        inference_ms: of it, in the captioner: p50 and p99.
        failures: images of the last minute that were lost to an error.
        withheld: images of the last minute whose captions were too unsure to go out.
        silence: seconds since the last image, or since `start`.
        last_error: of the last image that failed, empty if none did.
        lost_since: images lost on their way since the last one came.
        no_view: why the last image that was looked at shows nothing; empty: it shows something.
        failing: seconds since the captioner failed, if it made no caption since; else 0.
        busy: seconds since the image that is in work was taken; 0 if none is.
    """

    received: int
    lost: int
    impossible_losses: int
    captioned: int
    dropped: dict[str, int]
    input_rate: float
    loss: float
    caption_rate: float
    latency_ms: dict[str, float]
    glance_latency_ms: dict[str, float]
    inference_ms: dict[str, float]
    failures: int
    withheld: int
    silence: float
    last_error: str
    lost_since: int = 0
    no_view: str = ""
    failing: float = 0.0
    busy: float = 0.0


class StreamStatistics:
    """Thread-safe; every image ends in exactly one count: captioned, or dropped by a reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._lost = 0
        self._impossible_losses = 0
        self._dropped: Counter[str] = Counter()
        self._captioned = 0
        self._arrivals: deque[float] = deque()
        self._losses: deque[tuple[float, int]] = deque()
        self._departures: deque[float] = deque()
        self._failures: deque[float] = deque()
        self._withheld: deque[float] = deque()
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._glances: deque[float] = deque(maxlen=LATENCIES)
        self._inferences: deque[float] = deque(maxlen=LATENCIES)
        self._last_arrival = monotonic()
        self._last_error = ""
        self._lost_before = 0
        self._no_view = ""
        self._failing_since: float | None = None
        self._busy_since: float | None = None

    def start(self) -> None:
        """From now on silence counts."""
        with self._lock:
            self._last_arrival = monotonic()
            self._lost_before, self._no_view = self._lost, ""
            self._failing_since = None

    def arrived(self) -> None:
        """An image came."""
        with self._lock:
            self._received += 1
            self._last_arrival = monotonic()
            self._lost_before = self._lost
            _append(self._arrivals, self._last_arrival, WINDOW)

    def lost(self, count: int) -> bool:
        """The middleware says that so many images were lost; a count that can't be is one.

        Returns:
            Whether the count can be.
        """
        plausible = 0 <= count <= PLAUSIBLE
        with self._lock:
            now = monotonic()
            self._impossible_losses += not plausible
            self._lost += count if plausible else 1
            self._losses.append((now, count if plausible else 1))
            while self._losses[0][0] < now - WINDOW:
                self._losses.popleft()
        return plausible

    def dropped(self, reason: str, error: str = "") -> None:
        """An image gets no caption; `error` says what went wrong, if anything did."""
        with self._lock:
            self._dropped[reason] += 1
            if reason == UNSURE:
                self._failing_since = None
                _append(self._withheld, monotonic(), REMEMBERED)
            if reason in (INFERENCE, OUT_OF_MEMORY) and self._failing_since is None:
                self._failing_since = monotonic()
            if error:
                self._last_error = error
                _append(self._failures, monotonic(), REMEMBERED)

    def works(self, busy: bool) -> None:
        """An image was taken and is in work, or is done with."""
        with self._lock:
            self._busy_since = monotonic() if busy else None

    def saw(self, no_view: str = "") -> None:
        """An image was looked at: it shows something, or is dropped for it does not, and why."""
        with self._lock:
            self._no_view = no_view
            if no_view:
                self._dropped[NO_VIEW] += 1

    def glanced(self, received: float) -> None:
        """The glance's caption of an image received at that moment goes out before a further one.

        It ends in no count: the image is not done with.
        """
        with self._lock:
            self._glances.append(1e3 * (monotonic() - received))

    def captioned(self, received: float, inference_ms: float) -> None:
        """The last caption of an image received at that moment (monotonic) goes out."""
        with self._lock:
            now = monotonic()
            self._captioned += 1
            self._failing_since = None
            _append(self._departures, now, WINDOW)
            self._latencies.append(1e3 * (now - received))
            self._inferences.append(inference_ms)

    def snapshot(self) -> Snapshot:
        """The statistics now."""
        with self._lock:
            now = monotonic()
            lost = sum(count for moment, count in self._losses if moment >= now - WINDOW)
            return Snapshot(
                received=self._received,
                lost=self._lost,
                impossible_losses=self._impossible_losses,
                captioned=self._captioned,
                dropped=dict(self._dropped),
                input_rate=_rate(self._arrivals, now),
                loss=lost / max(1, lost + _recent(self._arrivals, now, WINDOW)),
                caption_rate=_rate(self._departures, now),
                latency_ms=_percentiles(self._latencies),
                glance_latency_ms=_percentiles(self._glances),
                inference_ms=_percentiles(self._inferences),
                failures=_recent(self._failures, now, REMEMBERED),
                withheld=_recent(self._withheld, now, REMEMBERED),
                silence=now - self._last_arrival,
                last_error=self._last_error,
                lost_since=self._lost - self._lost_before,
                no_view=self._no_view,
                failing=0.0 if self._failing_since is None else now - self._failing_since,
                busy=0.0 if self._busy_since is None else now - self._busy_since,
            )


def _append(moments: deque[float], now: float, window: float) -> None:
    moments.append(now)
    while moments[0] < now - window:
        moments.popleft()


def _recent(moments: deque[float], now: float, window: float) -> int:
    return sum(moment >= now - window for moment in moments)


def _percentiles(values: deque[float]) -> dict[str, float]:
    p50, p99 = np.percentile(values, [50, 99]) if values else (0.0, 0.0)
    return {"p50": float(p50), "p99": float(p99)}


def _rate(moments: deque[float], now: float) -> float:
    recent = [moment for moment in moments if moment >= now - WINDOW]
    return (len(recent) - 1) / (now - recent[0]) if len(recent) > 1 else 0.0
