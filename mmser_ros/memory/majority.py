# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The current time by most observations, so that a few wrong stamps don't change it."""

from __future__ import annotations

from collections.abc import Sequence

from mmser_ros.core.types import SECOND

TIME_JUMP = 900 * SECOND
"""Gap between two stamps (nanoseconds) after which the later ones may be wrong."""
QUORUM = 20
"""Observations after such a gap that are always trusted."""


def latest_trusted(stamps: Sequence[int], now: int | None) -> int:
    """The newest stamp that is not ahead of most observations.

    Stamps after a time jump are ahead while there are fewer of them than QUORUM and fewer than
    before the jump. A clock that has reached them makes them trusted.

    Args:
        stamps: of the newest observations, sorted, in nanoseconds: 2 * QUORUM of them, or all.
        now: of a clock, in nanoseconds; None without a clock.
    """
    count = len(stamps)
    trusted = count
    for late in range(1, min(QUORUM, (count + 1) // 2)):
        before, first = stamps[-late - 1], stamps[-late]
        if first - before > TIME_JUMP and (now is None or first > now):
            trusted = count - late
    return stamps[trusted - 1]
