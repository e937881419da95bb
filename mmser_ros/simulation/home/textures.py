# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Textures by numpy: how a material varies about its colour."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

SIZE = 128
"""Pixels along a side."""
Shades = np.ndarray
"""(SIZE, SIZE) factors of a colour, about 1; it repeats without a seam."""


def _noise(random: np.random.Generator, sigma: tuple[float, float]) -> Shades:
    field = gaussian_filter(random.normal(size=(SIZE, SIZE)), sigma, mode="wrap")
    return field / field.std()


def plain(random: np.random.Generator) -> Shades:
    """Paint, metal, ceramics: nearly even."""
    return 1 + 0.01 * _noise(random, (12, 12))


def plaster(random: np.random.Generator) -> Shades:
    """A wall with a fine grain."""
    return 1 + 0.012 * _noise(random, (1, 1)) + 0.008 * _noise(random, (14, 14))


def wood(random: np.random.Generator) -> Shades:
    """Grain along the columns."""
    sharp = random.uniform(0.6, 1.6)
    return 1 + 0.07 * _noise(random, (30, sharp)) + 0.06 * _noise(random, (40, 6 * sharp))


def planks(random: np.random.Generator) -> Shades:
    """Boards of a floor, with dark joints."""
    boards, shades = int(random.choice([4, 6, 8])), wood(random)
    width = SIZE // boards
    for board in range(boards):
        rows = slice(board * width, (board + 1) * width)
        shift = int(random.integers(SIZE))
        shades[:, rows] = np.roll(shades[:, rows], shift, axis=0) * random.uniform(0.86, 1.1)
        shades[:, board * width] *= 0.6
        shades[shift, rows] *= 0.65
    return shades


def tiles(random: np.random.Generator) -> Shades:
    """Square tiles with joints."""
    count = int(random.choice([2, 4]))
    shades, side = plain(random), SIZE // count
    chequered = random.random() < 0.3
    for row in range(count):
        for column in range(count):
            cell = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]
            dark = 0.55 if chequered and (row + column) % 2 else 1.0
            shades[cell] *= dark * random.uniform(0.95, 1.03)
    for line in range(count):
        shades[line * side : line * side + 2] = shades[:, line * side : line * side + 2] = 0.72
    return shades


def carpet(random: np.random.Generator) -> Shades:
    """Short threads."""
    return 1 + 0.09 * _noise(random, (0.8, 0.8)) + 0.05 * _noise(random, (10, 10))


def fabric(random: np.random.Generator) -> Shades:
    """A weave, in some variants with stripes."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    weave = 0.05 * (np.sin(rows * np.pi / 2) + np.sin(columns * np.pi / 2))
    stripes = random.choice([0, 0, 0, 4, 8])
    wide = 0.18 * np.sign(np.sin(columns * 2 * np.pi * stripes / SIZE)) if stripes else 0.0
    return 1 + weave + wide + 0.03 * _noise(random, (6, 6))


def brick(random: np.random.Generator) -> Shades:
    """Bricks with light joints."""
    shades, rows = plain(random), 8
    high, wide = SIZE // rows, SIZE // 4
    for row in range(rows):
        for column in range(4):
            left = column * wide + (row % 2) * wide // 2
            here = np.arange(left, left + wide) % SIZE
            band = np.arange(row * high, (row + 1) * high)
            shades[np.ix_(band, here)] *= random.uniform(0.75, 1.1)
            shades[np.ix_(band, here[:2])] = 1.3
        shades[row * high : row * high + 2] = 1.3
    return shades


def wallpaper(random: np.random.Generator) -> Shades:
    """Stripes, or rows of dots."""
    rows, columns = np.mgrid[:SIZE, :SIZE] * 2 * np.pi / SIZE
    if random.random() < 0.5:
        return 1 + 0.05 * np.sign(np.sin(columns * int(random.choice([4, 8]))))
    count = int(random.choice([4, 6]))
    return 1 - 0.1 * (np.cos(rows * count) + np.cos(columns * count) > 1.2)


def marble(random: np.random.Generator) -> Shades:
    """Veins."""
    veins = np.abs(_noise(random, (9, 9)))
    return 1.03 - 0.16 * np.exp(-((veins / 0.12) ** 2))


PATTERNS: dict[str, Callable[[np.random.Generator], Shades]] = {
    one.__name__: one
    for one in (plain, plaster, wood, planks, tiles, carpet, fabric, brick, wallpaper, marble)
}


def shades(pattern: str, variant: int) -> Shades:
    """The texture of a pattern with a variant number: always the same."""
    random = np.random.default_rng([list(PATTERNS).index(pattern), variant])
    return np.clip(PATTERNS[pattern](random), 0.2, 1.5)
