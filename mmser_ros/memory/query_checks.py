# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks of questions."""

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
