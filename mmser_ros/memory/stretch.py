# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stretches of time that can be forgotten."""

from __future__ import annotations

from mmser_ros.core.errors import MmserError


class StretchError(MmserError):
    """A stretch of time has no end at all, or ends before it begins."""


def check_stretch(before: int | None, after: int | None) -> None:
    """See that a stretch holds something.

    Args:
        before: stamp (nanoseconds) that it ends before; None: it has no end.
        after: stamp that it begins with; None: it has no beginning.

    Raises:
        StretchError: it has neither, or is empty.
    """
    if before is None and after is None:
        msg = "got no time to forget; give `before`, `after`, or both; or clear the memory"
        raise StretchError(msg)
    if before is not None and after is not None and before <= after:
        msg = f"got a stretch from {after} ns to {before} ns; expected `after` < `before`"
        raise StretchError(msg)
