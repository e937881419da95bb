# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Views of a picture for models with words: whole, jittered, and crops.

Scale, aspect ratio and colours are jittered in the same way for all sets. Else a model could tell
a set by its blur or its aspect ratio.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageEnhance

from mmser_ros.captioner.config import VisionConfig
from mmser_ros.captioner.model.vision import crops, fit_square

JITTERED = (1, 2)
TRAIN_VIEWS = (0, *JITTERED)
"""Views for training: the whole picture and jittered ones, half of which are mirrored."""
CROPS = (3, 4, 5, 6, 7)
VIEWS = len(TRAIN_VIEWS) + len(CROPS)
SMALLEST = 80
"""Least side, in pixels, of the blurred copy that a jittered view is made from."""


def is_mirrored(view: int, picture: int) -> bool:
    """Whether a view of a picture of this number is mirrored."""
    return view in JITTERED and bool(_random(view, picture).random() < 0.5)  # noqa: PLR2004


def square_view(config: VisionConfig, image: np.ndarray, view: int, picture: int) -> np.ndarray:
    """One view as square pixels, (size, size, 3) uint8.

    Args:
        config: configuration of the vision tower.
        image: (height, width, 3) uint8.
        view: 0: the picture; 1, 2: jittered; 3 to 7: crops.
        picture: the picture's number, which seeds the jitter.
    """
    size, fit = config.image_size, config.fit
    if view in CROPS:
        return fit_square(crops(image)[view - CROPS[0]], size, fit)
    if view in JITTERED:
        return _jittered(config, image, _random(view, picture))
    return fit_square(image, size, fit)


def _random(view: int, picture: int) -> np.random.Generator:
    return np.random.default_rng([view, picture])


def _jittered(config: VisionConfig, image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    mirrored = random.random() < 0.5  # noqa: PLR2004 - the first draw, see is_mirrored
    area, ratio = random.uniform(0.5, 1.0), np.exp(random.uniform(-0.25, 0.25))
    height, width = image.shape[:2]
    columns = max(min(8, width), int(min(1.0, np.sqrt(area * ratio)) * width))
    rows = max(min(8, height), int(min(1.0, np.sqrt(area / ratio)) * height))
    left = int(random.uniform(0, 1) * (width - columns))
    top = int(random.uniform(0, 1) * (height - rows))
    part = np.ascontiguousarray(image[top : top + rows, left : left + columns])
    if random.random() < 0.5:  # noqa: PLR2004 - half of them are blurred
        side = int(random.uniform(SMALLEST, config.image_size))
        part = fit_square(part, side, "squash")
    picture = Image.fromarray(fit_square(part, config.image_size, config.fit))
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = change(picture).enhance(random.uniform(0.7, 1.3))
    square = np.asarray(picture)
    return square[:, ::-1] if mirrored else square
