# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where robots have driven since the node started: what they drove through was free."""

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
"""Positions of each robot that are kept."""
STEP = 0.05
"""Metres; a robot that moved less stands."""
JUMP, PAUSE = 2.5, 10 * SECOND
"""Metres and nanoseconds between two positions, beyond which nobody knows the way between them."""
FINE = 16
"""Parts of a cell that lines are drawn by."""
FINE_BITS = 4

Spot = tuple[int, float, float]
"""Stamp in nanoseconds, x, y."""


class Driven:
    """The ways of robots, from the graphs that are told."""

    def __init__(self) -> None:
        self._ways: dict[str, deque[Spot]] = {}

    def follow(self, graph: SceneGraph) -> None:
        """Note where the robots of a graph are, full or not."""
        for node in graph.nodes:
            if node.layer == "robot":
                way = self._ways.setdefault(node.id, deque(maxlen=KEPT))
                spot = (nanoseconds(node.last_seen), node.position.x, node.position.y)
                if len(way) > 1 and _stands(way[-2], spot) and _stands(way[-1], spot):
                    way.pop()  # of a robot that stands the first and the last moment are enough
                if not way or spot[0] > way[-1][0]:
                    way.append(spot)

    def cells(
        self,
        shape: tuple[int, int],
        corner: tuple[float, float],
        resolution: float,
        radius: float,
        since: int,
    ) -> np.ndarray:
        """Which cells of a grid robots have driven over after a moment.

        Args:
            shape: rows and columns.
            corner: x and y of the grid's first corner, in metres.
            resolution: metres of a cell.
            radius: metres around a robot's position that it drives over.
            since: stamp in nanoseconds.
        """
        free = np.zeros(shape, np.uint8)
        if radius <= 0 or not free.size:
            return free.astype(bool)
        (rows, columns), (x, y), margin = shape, corner, JUMP + radius

        def near(spot: Spot) -> bool:
            across = -margin < spot[1] - x < columns * resolution + margin
            return across and -margin < spot[2] - y < rows * resolution + margin

        for way in self._ways.values():
            spots = [one for one in list(way) if one[0] > since and near(one)]
            points = {one: _pixel(one, corner, resolution) for one in spots}
            for one in spots:
                reach = round(radius / resolution * FINE)
                cv2.circle(free, points[one], reach, 1, cv2.FILLED, shift=FINE_BITS)
            for one, other in pairwise(spots):
                if _joined(one, other):
                    thick = max(1, math.floor(2 * radius / resolution))
                    cv2.line(free, points[one], points[other], 1, thick, shift=FINE_BITS)
        return free.astype(bool)


def _stands(before: Spot, now: Spot) -> bool:
    return math.dist(before[1:], now[1:]) < STEP


def _joined(one: Spot, other: Spot) -> bool:
    return other[0] - one[0] <= PAUSE and math.dist(one[1:], other[1:]) <= JUMP


def _pixel(spot: Spot, corner: tuple[float, float], resolution: float) -> tuple[int, int]:
    x, y = ((spot[i + 1] - corner[i]) / resolution - 0.5 for i in (0, 1))
    return round(x * FINE), round(y * FINE)
