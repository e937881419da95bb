# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a question may hold."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.plausible import LONGEST


class QueryError(MmserError):
    """A question names what the memory doesn't have, or holds a number that can't be."""


def check_text(text: str) -> None:
    """See that a text can be a question.

    Raises:
        QueryError: it is too long to be read.
    """
    if len(text) > LONGEST:
        msg = f"got a text of {len(text)} characters; expected at most {LONGEST}: a noun phrase"
        raise QueryError(msg)


def check_finite(what: str, numbers: Iterable[float]) -> None:
    """See that all numbers of a question are finite.

    Raises:
        QueryError: one is not.
    """
    numbers = tuple(numbers)
    if not all(map(math.isfinite, numbers)):
        got = ", ".join(f"{one:g}" for one in numbers)
        msg = f"got {what} ({got}); expected finite numbers"
        raise QueryError(msg)
