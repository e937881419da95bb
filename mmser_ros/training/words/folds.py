# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Folds of pictures for cross-validation; frames of a film stay together."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

FILMED = frozenset({"nyuv2"})
"""Sets of film frames, with the frame number in the name."""
RUN = 20
"""Consecutive frames in one fold."""


def folds_of(name: str, pictures: Sequence[str], folds: int) -> np.ndarray:
    """The fold of each picture of a set, (pictures,) from 0; it is deterministic.

    Args:
        name: name of the set.
        pictures: names of the pictures.
        folds: number of folds.
    """
    if name in FILMED:
        order = sorted(range(len(pictures)), key=lambda index: _frame(pictures[index]))
        ranks = np.arange(len(pictures)) // RUN
    else:
        seed = zlib.crc32(name.encode())
        order = np.random.default_rng(seed).permutation(len(pictures)).tolist()
        ranks = np.arange(len(pictures))
    found = np.zeros(len(pictures), int)
    found[order] = ranks % folds
    return found


def _frame(name: str) -> tuple[int, str]:
    number = re.search(r"\d+", name)
    return int(number[0]) if number else -1, name
