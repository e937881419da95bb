# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cells that robots have driven over since the node started, which are free."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

import cv2
import numpy as np

from mmser_ros.core.types import SECOND
from mmser_ros.msg import SceneGraph
from mmser_ros.nodes.common.scene_conversions import nanoseconds

KEPT = 5000
"""Maximum positions that are kept of each robot."""
STEP = 0.05
"""Minimum motion (metres) of a moving robot."""
JUMP, PAUSE = 2.5, 10 * SECOND
"""Maximum metres and nanoseconds between two positions of one path."""
FINE = 16
"""Subdivision of a cell for drawing."""
FINE_BITS = 4

Spot = tuple[int, float, float]
"""Stamp in nanoseconds, x, y."""


class DrivenCells:
    """The paths of robots, from published graphs."""

    def __init__(self) -> None:
        self._paths: dict[str, deque[Spot]] = {}

    def add(self, graph: SceneGraph) -> None:
        """Add the positions of the robots in a graph (full or delta)."""
        for node in graph.nodes:
            if node.layer == "robot":
                path = self._paths.setdefault(node.id, deque(maxlen=KEPT))
                spot = (nanoseconds(node.last_seen), node.position.x, node.position.y)
                if len(path) > 1 and _stands(path[-2], spot) and _stands(path[-1], spot):
                    path.pop()  # keep only the first and the last position while a robot stands
                if not path or spot[0] > path[-1][0]:
                    path.append(spot)

    def cells(
        self,
        shape: tuple[int, int],
        corner: tuple[float, float],
        resolution: float,
        radius: float,
        since: int,
    ) -> np.ndarray:
        """Cells of a grid that robots have driven over after a stamp.

        Args:
            shape: rows and columns.
            corner: x and y of the grid's first corner, in metres.
            resolution: metres of a cell.
            radius: of the robot, in metres.
            since: stamp in nanoseconds.
        """
        free = np.zeros(shape, np.uint8)
        if radius <= 0 or not free.size:
            return free.astype(bool)
        (rows, columns), (x, y), margin = shape, corner, JUMP + radius

        def near(spot: Spot) -> bool:
            across = -margin < spot[1] - x < columns * resolution + margin
            return across and -margin < spot[2] - y < rows * resolution + margin

        for path in self._paths.values():
            spots = [one for one in list(path) if one[0] > since and near(one)]
            points = {one: _pixel(one, corner, resolution) for one in spots}
            for one in spots:
                reach = round(radius / resolution * FINE)
                cv2.circle(free, points[one], reach, 1, cv2.FILLED, shift=FINE_BITS)
            for one, other in pairwise(spots):
                if other[0] - one[0] <= PAUSE and math.dist(one[1:], other[1:]) <= JUMP:
                    thick = max(1, math.floor(2 * radius / resolution))
                    cv2.line(free, points[one], points[other], 1, thick, shift=FINE_BITS)
        return free.astype(bool)


def _stands(before: Spot, now: Spot) -> bool:
    return math.dist(before[1:], now[1:]) < STEP


def _pixel(spot: Spot, corner: tuple[float, float], resolution: float) -> tuple[int, int]:
    x, y = ((spot[i + 1] - corner[i]) / resolution - 0.5 for i in (0, 1))
    return round(x * FINE), round(y * FINE)
