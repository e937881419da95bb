# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions of several images at once: how many, and what to do when that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from mmser_ros.core.errors import MmserError, OutOfMemoryError
from mmser_ros.core.types import Caption

if TYPE_CHECKING:
    from mmser_ros.captioner.protocol import CaptionModel

SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Batches that `fastest_batch` tries."""
GAIN = 1.05
"""How many times as fast a larger batch must be, for each image, to be worth its memory."""
REPEATS = 2
"""How often a batch is timed; the shortest time counts."""
MOST_FAILURES = 8
"""Images in a row without a caption that end the run: it is not the images then."""


def fastest_batch(captioner: CaptionModel, images: Sequence[np.ndarray]) -> int:
    """Measure with how many images in a batch a captioner makes the most captions a second.

    Batches are doubled until that gains little or memory runs out.

    Args:
        captioner: to measure.
        images: any number of those it will caption; they are repeated to fill a batch.
    """
    best, best_s = 1, float("inf")
    for size in SIZES:
        batch = [images[number % len(images)] for number in range(size)]
        try:
            if size == 1:
                _caption(captioner, batch)  # the first one is slower: what is loaded when used
            each_s = min(_timed(captioner, batch) for _ in range(REPEATS)) / size
        except MmserError:  # of memory, or of an image: what comes of that is seen later
            break
        if each_s * GAIN > best_s:
            break
        best, best_s = size, each_s
    return best


class BatchCaptioner:
    """Captions any number of images in batches, and makes these smaller when memory runs out.

    Args:
        captioner: that makes the captions.
        size: number of images in a batch.
        say: told what went wrong.
    """

    def __init__(self, captioner: CaptionModel, size: int, say: Callable[[str], None]) -> None:
        self._captioner, self._size, self._say = captioner, size, say
        self._num_failures = 0  # in a row

    def caption(self, images: Sequence[np.ndarray]) -> list[tuple[Caption, float] | None]:
        """Caption images, each with its share of the milliseconds; None for one that failed.

        Raises:
            MmserError: MOST_FAILURES images in a row failed, or one is too much for the memory.
        """
        made: list[tuple[Caption, float] | None] = []
        while len(made) < len(images):
            some = images[len(made) : len(made) + self._size]
            begun = perf_counter()
            try:
                captions = _caption(self._captioner, some)
            except OutOfMemoryError as error:
                self._use_less(error)
            except MmserError as error:
                made += self._one_by_one(some, error)
            else:
                each_ms = 1e3 * (perf_counter() - begun) / len(some)
                made += [(one, each_ms) for one in captions]
                self._num_failures = 0
        return made

    def _one_by_one(
        self, images: Sequence[np.ndarray], error: MmserError
    ) -> list[tuple[Caption, float] | None]:
        """Caption the images of a batch that failed; the captioner may take some of them."""
        if len(images) > 1:
            return [one for image in images for one in self.caption([image])]
        self._num_failures += 1
        if self._num_failures >= MOST_FAILURES:
            msg = f"{self._num_failures} images in a row got no caption: {error}"
            raise MmserError(msg) from error
        self._say(str(error))
        return [None]

    def _use_less(self, error: OutOfMemoryError) -> None:
        if self._size > 1:
            self._size //= 2
            self._say(f"{error}; batches have {self._size} images from here on")
        elif change := self._captioner.degrade():
            self._say(f"{error}; {change} from here on")
        else:
            raise error


def _caption(captioner: CaptionModel, images: Sequence[np.ndarray]) -> list[Caption]:
    *_, last = captioner.caption_passes(images)
    return last


def _timed(captioner: CaptionModel, images: Sequence[np.ndarray]) -> float:
    """Seconds that a batch takes."""
    begun = perf_counter()
    _caption(captioner, images)
    return perf_counter() - begun
