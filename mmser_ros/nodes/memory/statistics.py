# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Counts of what memory_node heard and what became of it."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic


@dataclass(frozen=True)
class MemorySnapshot:
    """The statistics of one moment.

    Attributes:
        received: captions that came.
        observed: captions that were remembered.
        dropped: captions by the reason they were not.
        refused: other messages by the reason they were of no use: poses, depth, observations.
        heard: observations of other robots that were new.
        told: observations that were sent to other robots.
        silence: seconds since the last caption, or since `start`.
        last_drop: why the last caption was dropped, if none was remembered since.
        last_refusal: why another message was of no use, if that was in the last seconds.
    """

    received: int = 0
    observed: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    heard: int = 0
    told: int = 0
    silence: float = 0.0
    last_drop: str = ""
    last_refusal: str = ""


RECENT = 5.0
"""Seconds that a refusal is worth telling."""


class MemoryStatistics:
    """Thread-safe; every caption ends in exactly one count: observed, or dropped by a reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._last_arrival = monotonic()
        self._last_drop = ""
        self._last_refusal = ("", 0.0)

    def start(self) -> None:
        """From now on silence counts."""
        with self._lock:
            self._last_arrival = monotonic()

    def arrived(self) -> None:
        """A caption came."""
        with self._lock:
            self._counts["received"] += 1
            self._last_arrival = monotonic()

    def observed(self) -> None:
        """A caption was remembered."""
        with self._lock:
            self._counts["observed"] += 1
            self._last_drop = ""

    def dropped(self, reason: str, text: str) -> None:
        """A caption was not."""
        with self._lock:
            self._dropped[reason] += 1
            self._last_drop = text

    def refused(self, reason: str, text: str) -> None:
        """Another message was of no use."""
        with self._lock:
            self._refused[reason] += 1
            self._last_refusal = (text, monotonic())

    def heard(self) -> None:
        """An observation of another robot was new."""
        with self._lock:
            self._counts["heard"] += 1

    def told(self) -> None:
        """An observation was sent to other robots."""
        with self._lock:
            self._counts["told"] += 1

    def snapshot(self) -> MemorySnapshot:
        """The statistics now."""
        with self._lock:
            now = monotonic()
            text, moment = self._last_refusal
            return MemorySnapshot(
                **{name: self._counts[name] for name in ("received", "observed", "heard", "told")},
                dropped=dict(self._dropped),
                refused=dict(self._refused),
                silence=now - self._last_arrival,
                last_drop=self._last_drop,
                last_refusal=text if now - moment < RECENT else "",
            )
