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
MEMORY = 60.0
"""Seconds that a failure stays worth a warning, and a caption held back a word."""
UNSURE = "low_confidence"
"""The drop reason of captions that were made but are not sure enough."""


@dataclass(frozen=True)
class Snapshot:
    """The statistics of one moment.

    Attributes:
        received: images that came.
        lost: images that the middleware lost on their way here.
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
    """

    received: int
    lost: int
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


class StreamStatistics:
    """Thread-safe; every image ends in exactly one count: captioned, or dropped by a reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._lost = 0
        self._dropped: Counter[str] = Counter()
        self._captioned = 0
        self._arrivals: deque[float] = deque()
        self._losses: deque[float] = deque()
        self._departures: deque[float] = deque()
        self._failures: deque[float] = deque()
        self._withheld: deque[float] = deque()
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._glances: deque[float] = deque(maxlen=LATENCIES)
        self._inferences: deque[float] = deque(maxlen=LATENCIES)
        self._last_arrival = monotonic()
        self._last_error = ""

    def start(self) -> None:
        """From now on silence counts."""
        with self._lock:
            self._last_arrival = monotonic()

    def arrived(self) -> None:
        """An image came."""
        with self._lock:
            self._received += 1
            self._last_arrival = monotonic()
            _append(self._arrivals, self._last_arrival, WINDOW)

    def lost(self, count: int) -> None:
        """Images were lost before they came here."""
        with self._lock:
            self._lost += count
            for _ in range(count):
                _append(self._losses, monotonic(), WINDOW)

    def dropped(self, reason: str, error: str = "") -> None:
        """An image gets no caption; `error` says what went wrong, if anything did."""
        with self._lock:
            self._dropped[reason] += 1
            if reason == UNSURE:
                _append(self._withheld, monotonic(), MEMORY)
            if error:
                self._last_error = error
                _append(self._failures, monotonic(), MEMORY)

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
            _append(self._departures, now, WINDOW)
            self._latencies.append(1e3 * (now - received))
            self._inferences.append(inference_ms)

    def snapshot(self) -> Snapshot:
        """The statistics now."""
        with self._lock:
            now = monotonic()
            lost = _recent(self._losses, now, WINDOW)
            return Snapshot(
                received=self._received,
                lost=self._lost,
                captioned=self._captioned,
                dropped=dict(self._dropped),
                input_rate=_rate(self._arrivals, now),
                loss=lost / max(1, lost + _recent(self._arrivals, now, WINDOW)),
                caption_rate=_rate(self._departures, now),
                latency_ms=_percentiles(self._latencies),
                glance_latency_ms=_percentiles(self._glances),
                inference_ms=_percentiles(self._inferences),
                failures=_recent(self._failures, now, MEMORY),
                withheld=_recent(self._withheld, now, MEMORY),
                silence=now - self._last_arrival,
                last_error=self._last_error,
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
