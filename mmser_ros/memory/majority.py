# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What time it is, as most observations say: a few wrong stamps don't move it."""

from __future__ import annotations

from collections.abc import Sequence

from mmser_ros.core.types import SECOND

LEAP = 900 * SECOND
"""Nanoseconds without an observation, after which the next ones may be wrongly stamped."""
QUORUM = 20
"""Observations after such a leap that are believed, however many there were before it."""


def last_believed(stamps: Sequence[int], now: int | None) -> int:
    """The newest stamp that is not ahead of what most observations say.

    Those after a leap in time are ahead while they are fewer than QUORUM and than the ones before
    it, unless a clock says that their time has come.

    Args:
        stamps: of the newest observations, sorted, in nanoseconds: 2 * QUORUM of them, or all.
        now: of a clock, in nanoseconds, if there is one.
    """
    count = len(stamps)
    believed = count
    for late in range(1, min(QUORUM, (count + 1) // 2)):
        before, first = stamps[-late - 1], stamps[-late]
        if first - before > LEAP and (now is None or first > now):
            believed = count - late
    return stamps[believed - 1]
