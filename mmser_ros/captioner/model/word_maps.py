# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where in an image a word detector sees a word: its log odds for small windows of the features.

The detector reads a window as it reads a whole image. The language model's attention finds objects
far less often: in 60 views of simulated homes the middle of its region is in the object for 19 % of
79 phrases, the highest cell of these maps for 75 % (docs/grounding.md).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from mmser_ros.captioner.model.concept_detector import pool
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels
from mmser_ros.language.word_finder import longest_ending

SIDE = 2
"""Side of a window, in cells of the first level's grid."""


class WordMaps:
    """Maps of the words that a model's detector learned, for one image."""

    def __init__(self, specialist: Specialist, levels: Levels, *, inside: bool = False) -> None:
        """Look at all windows.

        Args:
            specialist: the model; without a word detector there are no maps.
            levels: features of the image, (1, tokens, channels) each.
            inside: whether the image is of the model's domain.
        """
        self._columns: dict[str, int] = {}
        if not specialist.config.words:
            return
        own = specialist.word_detector
        detector = own.domain.detector if inside else own
        self._columns = {word: number for number, word in enumerate(detector.config.names)}
        pooled = torch.cat([pool(one) for one in windows(levels)]).float()
        vision = specialist.vision
        classes = vision.classify(pooled[:, : vision.channels[0]]) if vision.classes else None
        self._odds = spread(detector(pooled, classes).float().cpu())

    def of(self, phrase: str, head: str) -> np.ndarray | None:
        """The map (grid, grid) of a noun phrase, from 0 on; None if the detector has no such word.

        Args:
            phrase: such as "two tv stands".
            head: its head noun in the singular, such as "stand".
        """
        word = longest_ending(phrase, head, self._columns)
        if word is None:
            return None
        odds = self._odds[:, :, self._columns[word]]
        return (odds - odds.min()).numpy()


def windows(levels: Levels) -> list[list[Tensor]]:
    """The parts of all levels in each window, row by row, as levels of a small image."""
    grid = math.isqrt(levels[0].shape[1])
    side = min(SIDE, grid)
    maps = [one.unflatten(1, (math.isqrt(one.shape[1]), -1)) for one in levels]

    def part(one: Tensor, top: int, left: int) -> Tensor:
        finer = one.shape[1] // grid
        rows, columns = (slice(at * finer, (at + side) * finer) for at in (top, left))
        return one[:, rows, columns].flatten(1, 2)

    starts = range(grid - side + 1)
    return [[part(one, top, left) for one in maps] for top in starts for left in starts]


def spread(odds: Tensor) -> Tensor:
    """The mean over the windows of each cell: (windows, words) → (grid, grid, words)."""
    starts = math.isqrt(len(odds))
    grid = starts + SIDE - 1
    total, counts = torch.zeros(grid, grid, odds.shape[1]), torch.zeros(grid, grid, 1)
    for number, row in enumerate(odds):
        top, left = divmod(number, starts)
        total[top : top + SIDE, left : left + SIDE] += row
        counts[top : top + SIDE, left : left + SIDE] += 1
    return total / counts
