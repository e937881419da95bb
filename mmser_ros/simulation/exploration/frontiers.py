# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frontiers: free cells beside unknown ones (Yamauchi, 1997)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, label

from mmser_ros.simulation.exploration.occupancy import CELL, OccupancyMap
from mmser_ros.simulation.navigation import FreeSpace, Point

SMALLEST = 4
"""Cells of a frontier; smaller ones are gaps between rays."""
NEAR = 0.45
"""Metres from a frontier at which the robot can stand."""
CROSS = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Frontier:
    """A connected border of what is known.

    Attributes:
        middle: its cell that is nearest to its mean, in metres.
        stand: the reachable position nearest to it, in metres.
        cells: number of its cells.
        distance: length of the path to `stand`, in metres; longer beside obstacles.
    """

    middle: Point
    stand: Point
    cells: int
    distance: float


def find_frontiers(known: OccupancyMap, space: FreeSpace, lengths: np.ndarray) -> list[Frontier]:
    """The frontiers that a robot can reach.

    Args:
        known: the map.
        space: its free space.
        lengths: (rows, columns) metres from the robot, of `FreeSpace.distances`.
    """
    border = known.free & binary_dilation(~known.known, CROSS)
    border &= ~binary_dilation(known.occupied, CROSS)
    numbers, count = label(border, CROSS)
    reached = np.isfinite(lengths)
    found = []
    for number in range(1, count + 1):
        cells = np.argwhere(numbers == number)
        if len(cells) < SMALLEST:
            continue
        at = cells[np.argmin(np.linalg.norm(cells - cells.mean(0), axis=1))]
        middle = space.point((int(at[0]), int(at[1])))
        low, high = np.maximum(cells.min(0) - 8, 0), cells.max(0) + 9
        around = np.zeros_like(reached)
        around[low[0] : high[0], low[1] : high[1]] = True
        stands = np.argwhere(reached & around)
        if not len(stands):
            continue
        apart = np.linalg.norm(stands[:, None] - cells[None], axis=2).min(1) * CELL
        best = int(np.lexsort((lengths[tuple(stands.T)], apart.round(1)))[0])
        if apart[best] > NEAR:
            continue
        cell = (int(stands[best, 0]), int(stands[best, 1]))
        found.append(Frontier(middle, space.point(cell), len(cells), float(lengths[cell])))
    return found
