# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which variants of textures and furniture a split may use: none is in both."""

from __future__ import annotations

from enum import Enum

VARIANTS = 30
"""Of each kind of object and each pattern."""
HELD_OUT = 3
"""Each third variant is for evaluation alone."""


class Split(Enum):
    """What a home is for."""

    TRAIN = "train"
    EVALUATION = "evaluation"

    def variants(self) -> list[int]:
        """The variant numbers of this split."""
        held_out = self is Split.EVALUATION
        return [one for one in range(VARIANTS) if (one % HELD_OUT == HELD_OUT - 1) == held_out]
