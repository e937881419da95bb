# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Digests of a journal by time bucket, to find differences between two journals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from mmser_ros.core.types import SECOND

PERIOD = 20
"""Length of a bucket, in seconds."""
NANOSECONDS = PERIOD * SECOND

Entry = tuple[int, int, str]
"""Number, stamp in nanoseconds, and digest of an observation."""


class DigestIndex:
    """XOR of the digests of a journal's observations, by bucket. Thread-safe.

    Args:
        entries: returns the observations that were added after a number.
    """

    def __init__(self, entries: Callable[[int], Iterable[Entry]]) -> None:
        self._entries = entries
        self._lock = threading.Lock()
        self.rebuild_index()

    def rebuild_index(self) -> None:
        """Read the whole journal again, after observations were deleted."""
        with self._lock:
            self._last = 0
            self._sums: dict[int, int] = {}
            self._changed: dict[int, float] = {}
            self._read()
            self._changed.clear()

    def sums(self) -> dict[int, int]:
        """The current digests by bucket."""
        with self._lock:
            self._read()
            return dict(self._sums)

    def differing(self, theirs: Mapping[int, int], since: int, quiet: float) -> list[int]:
        """Buckets with observations that differ from another journal, the oldest first.

        Args:
            theirs: digests of the other journal by bucket.
            since: stamp (nanoseconds) before which the other journal has forgotten everything.
            quiet: minimum seconds since the last change of a bucket, as new observations are sent
                anyway.
        """
        with self._lock:
            self._read()
            now = monotonic()
            return sorted(
                bucket
                for bucket, mine in self._sums.items()
                if theirs.get(bucket) != mine
                and (bucket + 1) * NANOSECONDS > since
                and now - self._changed.get(bucket, now - quiet) >= quiet
            )

    def _read(self) -> None:
        for number, stamp, digest in self._entries(self._last):
            bucket = stamp // NANOSECONDS
            self._sums[bucket] = self._sums.get(bucket, 0) ^ int(digest, 16)
            self._changed[bucket] = monotonic()
            self._last = number
