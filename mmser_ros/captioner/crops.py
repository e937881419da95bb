# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The crops of an image that the words of a caption point to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch

from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import crops, fit_square
from mmser_ros.captioner.passes import to_pixels
from mmser_ros.captioner.shipped import find_model
from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.language.word_finder import WordFinder

LEAST = 0.1
"""Least probability of words that a crop must add to those of the crops before it."""


class CropFinder:
    """Chooses among five crops of an image: the corners and the middle.

    The word detector of the shipped model `small` says how probable each word of the caption is in
    each crop; it runs on the CPU. A caption without words that it knows points nowhere.

    Args:
        most: maximum number of crops of an image; 0: none, and no model is loaded.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    def load(self) -> None:
        """Load the model now; else `find` loads it when it is needed.

        Raises:
            CaptionerError: the shipped model is not installed.
        """
        if self._most:
            _ = self._detector

    def find(self, images: Sequence[np.ndarray], captions: Sequence[str]) -> list[list[np.ndarray]]:
        """The crops of each image, arrays as the images are; the one that shows most comes first.

        Args:
            images: (height, width, 3) uint8 RGB.
            captions: one of each image.
        """
        if not self._most:
            return [[] for _ in images]
        return [self._find(*one) for one in zip(images, captions, strict=True)]

    @cached_property
    def _detector(self) -> tuple[Specialist, WordFinder]:
        specialist, _ = load_checkpoint(find_model(DEFAULT_MODEL))
        del specialist.language_model  # most of its memory
        return specialist.eval(), WordFinder(specialist.word_detector.words)

    @torch.inference_mode()
    def _find(self, image: np.ndarray, caption: str) -> list[np.ndarray]:
        specialist, finder = self._detector
        words = sorted(finder.find(caption))
        if not words:
            return []
        parts, vision = crops(image), specialist.config.vision
        squares = [fit_square(one, vision.image_size, vision.fit) for one in parts]
        detected = specialist.detect([specialist.encode(to_pixels(squares))])
        shown = np.array([[one.probabilities.get(word, 0.0) for word in words] for one in detected])
        return [parts[number] for number in choose(shown, self._most)]


def choose(shown: np.ndarray, most: int) -> list[int]:
    """Choose crops that together show the words of a caption, greedily.

    Args:
        shown: (crops, words), probability of each word in each crop.
        most: maximum number of crops.

    Returns:
        Their numbers. Each adds at least `LEAST` to the sum of the words' highest probabilities.
    """
    chosen: list[int] = []
    best = np.zeros(shown.shape[1])
    while len(chosen) < most:
        gains = np.maximum(shown - best, 0.0).sum(axis=1)
        crop = int(gains.argmax())
        if gains[crop] < LEAST:
            break
        chosen.append(crop)
        best = np.maximum(best, shown[crop])
    return chosen
