# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The pictures that word detectors learn from, numbered through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.training.words.blank_images import blank_picture, dimmed


class LessonPictures:
    """Pictures of sets, then as many without content as dim ones."""

    def __init__(self, sets: Sequence[PictureSet], sources: np.ndarray) -> None:
        """Take the sets, and the numbers of the pictures that the dim ones are made of."""
        self._names = [(one, name) for one in sets for name in one.examples]
        self._sources = sources

    def picture(self, number: int) -> np.ndarray:
        """One picture, (height, width, 3) uint8 RGB.

        Raises:
            PictureError: it can't be read.
        """
        number -= len(self._names)
        if number < 0:
            return self._read(number)
        blanks = len(self._sources)
        return self.dim(number - blanks) if number >= blanks else blank_picture(number)

    def dim(self, number: int) -> np.ndarray:
        """A dim one, (height, width, 3) uint8 RGB, by its number among them."""
        return dimmed(self._read(int(self._sources[number])), number)

    def _read(self, number: int) -> np.ndarray:
        pictures, name = self._names[number]
        return pictures.picture(name)
