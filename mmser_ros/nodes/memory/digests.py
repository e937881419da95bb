# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a journal holds, by stretches of time: small enough to tell, enough to find differences."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from mmser_ros.core.types import SECOND

PERIOD = 20
"""Seconds that a bucket covers."""
NANOSECONDS = PERIOD * SECOND

Entry = tuple[int, int, str]
"""Number, stamp in nanoseconds, and digest of an observation."""


class JournalIndex:
    """The exclusive or of the digests of a journal's observations, by bucket. Thread-safe.

    Args:
        entries: gives the observations that entered the journal after a number.
    """

    def __init__(self, entries: Callable[[int], Iterable[Entry]]) -> None:
        self._entries = entries
        self._lock = threading.Lock()
        self.begin_anew()

    def begin_anew(self) -> None:
        """Read the whole journal: something was taken out of it."""
        with self._lock:
            self._last = 0
            self._sums: dict[int, int] = {}
            self._changed: dict[int, float] = {}
            self._read()
            self._changed.clear()

    def sums(self) -> dict[int, int]:
        """The sums by bucket, now."""
        with self._lock:
            self._read()
            return dict(self._sums)

    def differing(self, theirs: Mapping[int, int], since: int, quiet: float) -> list[int]:
        """Buckets that hold something here and differ from another journal's, the oldest first.

        Args:
            theirs: sums of the other journal.
            since: stamp (nanoseconds) before which the other journal wants nothing.
            quiet: seconds without change from which a bucket counts: what is being observed now
                is on its way anyhow.
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
