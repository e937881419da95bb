# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Time ranges that can be forgotten."""

from __future__ import annotations

from mmser_ros.core.errors import MmserError


class TimeRangeError(MmserError):
    """A time range has no limit, or is empty."""


def check_time_range(before: int | None, after: int | None) -> None:
    """Check that a time range has a limit and is not empty.

    Args:
        before: stamp (nanoseconds) after the end of the range; None: no end.
        after: first stamp of the range; None: no start.

    Raises:
        TimeRangeError: there is no limit, or the range is empty.
    """
    if before is None and after is None:
        msg = "got no time to forget; give `before`, `after`, or both; or clear the memory"
        raise TimeRangeError(msg)
    if before is not None and after is not None and before <= after:
        msg = f"got a time range from {after} ns to {before} ns; expected `after` < `before`"
        raise TimeRangeError(msg)
