# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which pictures are kept from which detector: folds, by runs where neighbours look alike."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

FILMED = frozenset({"nyuv2"})
"""Sets whose pictures are frames of films, numbered in their names."""
RUN = 20
"""Frames in a row that stay in one fold."""


def folds_of(name: str, pictures: Sequence[str], folds: int) -> np.ndarray:
    """The fold (pictures,) of each picture of a set, from 0; the same each time.

    Args:
        name: of the set.
        pictures: their names.
        folds: how many.
    """
    if name in FILMED:
        order = sorted(range(len(pictures)), key=lambda index: _frame(pictures[index]))
        places = np.arange(len(pictures)) // RUN
    else:
        seed = zlib.crc32(name.encode())
        order = np.random.default_rng(seed).permutation(len(pictures)).tolist()
        places = np.arange(len(pictures))
    found = np.zeros(len(pictures), int)
    found[order] = places % folds
    return found


def _frame(name: str) -> tuple[int, str]:
    number = re.search(r"\d+", name)
    return int(number[0]) if number else -1, name
