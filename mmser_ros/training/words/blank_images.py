# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Synthetic pictures without content, and dimmed real pictures, to train a word detector.

A robot's camera gives such pictures if its lens is covered, the light is off or a cable is loose.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

SIDE = 224


def blank_picture(number: int) -> np.ndarray:
    """A picture (224, 224, 3) uint8 without content; its number is the seed."""
    random = np.random.default_rng([number, 1])
    picture = KINDS[number % len(KINDS)](random)
    return picture.clip(0, 255).astype(np.uint8)


def dimmed(image: np.ndarray, number: int) -> np.ndarray:
    """Darken or blur a real picture (height, width, 3); its content stays recognisable."""
    random = np.random.default_rng([number, 2])
    picture = Image.fromarray(image)
    darkened, blurred = [(True, False), (False, True), (True, True)][number % 3]
    if blurred:
        radius = random.uniform(0.01, 0.03) * min(picture.size)
        picture = picture.filter(ImageFilter.GaussianBlur(radius))
    values = np.asarray(picture).astype(np.float64)
    if darkened:
        values = values * random.uniform(0.12, 0.5) + random.normal(0, 3, values.shape)
    return values.clip(0, 255).astype(np.uint8)


def _even(values: np.ndarray) -> np.ndarray:
    """A picture of one colour (3,)."""
    return np.broadcast_to(values, (SIDE, SIDE, 3)).astype(np.float32)


def _black(random: np.random.Generator) -> np.ndarray:
    return _even(np.full(3, random.integers(0, 12)))


def _white(random: np.random.Generator) -> np.ndarray:
    return _even(np.full(3, 255 - random.integers(0, 12)))


def _grey(random: np.random.Generator) -> np.ndarray:
    return _even(np.full(3, random.integers(12, 244)))


def _colour(random: np.random.Generator) -> np.ndarray:
    return _even(random.integers(0, 256, 3))


def _noise(random: np.random.Generator) -> np.ndarray:
    """Noise of random strength and grain, in colour or grey, around a random grey."""
    grain = int(random.choice([1, 1, 2, 4, 8]))
    channels = int(random.choice([1, 3]))
    cells = random.normal(0, 1, (SIDE // grain, SIDE // grain, channels))
    values = cells.repeat(grain, 0).repeat(grain, 1)
    strength = np.exp(random.uniform(np.log(2), np.log(128)))
    return _even(np.full(3, random.integers(0, 256))) + strength * values


def _any_value(random: np.random.Generator) -> np.ndarray:
    """Every pixel of a random colour."""
    return random.integers(0, 256, (SIDE, SIDE, 3)).astype(np.float32)


def _gradient(random: np.random.Generator) -> np.ndarray:
    """A smooth gradient between four colours at the corners."""
    corners = random.integers(0, 256, (2, 2, 3)).astype(np.uint8)
    smooth = Image.fromarray(corners).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(smooth).astype(np.float32)


def _covered(random: np.random.Generator) -> np.ndarray:
    """A covered lens: nearly black, perhaps with reddish light on one side, and dark noise."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    angle = random.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * rows + np.sin(angle) * columns
    slope = (slope - slope.min()) / (slope.max() - slope.min())
    light = random.uniform(0, 50) * np.array([1.0, *random.uniform(0.1, 1.0, 2)])
    noise = random.normal(0, random.uniform(0.5, 10), (SIDE, SIDE, 3))
    return random.uniform(0, 15) + slope[:, :, None] ** 2 * light + noise


KINDS: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    _black,
    _noise,
    _white,
    _covered,
    _grey,
    _gradient,
    _colour,
    _any_value,
    _covered,
    _noise,
)
