# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Counts of the messages that memory_node received and of their results."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic


@dataclass(frozen=True)
class MemorySnapshot:
    """The statistics at one time.

    Attributes:
        received: captions that were received.
        observed: captions that were added to the memory.
        dropped: captions that were not added, by reason.
        refused: other messages that could not be used (poses, depth, observations), by reason.
        observations_received: new observations from other robots.
        observations_sent: observations that were sent to other robots.
        silence: seconds since the last caption, or since `start`.
        last_drop: why the last caption was dropped; empty if a later one was added.
        last_refusal: why another message could not be used, if that was in the last RECENT seconds.
    """

    received: int = 0
    observed: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    observations_received: int = 0
    observations_sent: int = 0
    silence: float = 0.0
    last_drop: str = ""
    last_refusal: str = ""


COUNTS = ("received", "observed", "observations_received", "observations_sent")
RECENT = 5.0
"""Seconds for which a refusal is reported."""


class MemoryStatistics:
    """Thread-safe counts; every caption is counted once: as observed, or as dropped by a reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._last_arrival = monotonic()
        self._last_drop = ""
        self._last_refusal = ("", 0.0)

    def start(self) -> None:
        """Start to count silence."""
        with self._lock:
            self._last_arrival = monotonic()

    def arrived(self) -> None:
        """Count a received caption."""
        with self._lock:
            self._counts["received"] += 1
            self._last_arrival = monotonic()

    def observed(self) -> None:
        """Count a caption that was added to the memory."""
        with self._lock:
            self._counts["observed"] += 1
            self._last_drop = ""

    def dropped(self, reason: str, text: str) -> None:
        """Count a caption that was dropped."""
        with self._lock:
            self._dropped[reason] += 1
            self._last_drop = text

    def refused(self, reason: str, text: str) -> None:
        """Count another message that could not be used."""
        with self._lock:
            self._refused[reason] += 1
            self._last_refusal = (text, monotonic())

    def observation_received(self) -> None:
        """Count a new observation from another robot."""
        with self._lock:
            self._counts["observations_received"] += 1

    def observation_sent(self) -> None:
        """Count an observation that was sent to other robots."""
        with self._lock:
            self._counts["observations_sent"] += 1

    def snapshot(self) -> MemorySnapshot:
        """The statistics now."""
        with self._lock:
            now = monotonic()
            text, moment = self._last_refusal
            return MemorySnapshot(
                **{name: self._counts[name] for name in COUNTS},
                dropped=dict(self._dropped),
                refused=dict(self._refused),
                silence=now - self._last_arrival,
                last_drop=self._last_drop,
                last_refusal=text if now - moment < RECENT else "",
            )
