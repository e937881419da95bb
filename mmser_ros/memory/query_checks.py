# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks of questions, and of time ranges that can be forgotten."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.observation_checks import LONGEST


class QueryError(MmserError):
    """A question has a name that the memory doesn't know, or an invalid number."""


def check_text(text: str) -> None:
    """Check the length of a question.

    Raises:
        QueryError: the text is longer than LONGEST.
    """
    if len(text) > LONGEST:
        msg = f"got a text of {len(text)} characters; expected at most {LONGEST}: a noun phrase"
        raise QueryError(msg)


def check_finite(what: str, numbers: Iterable[float]) -> None:
    """Check that all numbers of a question are finite.

    Raises:
        QueryError: one is not finite.
    """
    numbers = tuple(numbers)
    if not all(map(math.isfinite, numbers)):
        got = ", ".join(f"{one:g}" for one in numbers)
        msg = f"got {what} ({got}); expected finite numbers"
        raise QueryError(msg)


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
