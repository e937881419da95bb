# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Places labels on a map so that they cover nothing."""

from __future__ import annotations

import math

import cv2
import numpy as np

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""
DIRECTIONS = 16
STEP = 5.0
"""Pixels between two rings of candidates."""


class FreeSpots:
    """The occupied area of a sheet, and lines that labels should not cover."""

    def __init__(self, width: int, height: int) -> None:
        self._taken = np.zeros((height, width), bool)
        self._lines = np.zeros((height, width), np.uint8)

    def take(self, box: Box) -> None:
        """Mark a box as occupied."""
        left, top, right, bottom = (max(0, round(one)) for one in box)
        self._taken[top:bottom, left:right] = True

    def draw_line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Add a line that labels avoid if they can."""
        ends = [(round(x), round(y)) for x, y in (start, end)]
        cv2.line(self._lines, ends[0], ends[1], 1, 3)

    def place(
        self, point: tuple[float, float], size: tuple[float, float], *,
        gap: float, reach: float, crossing: float,
    ) -> Box | None:  # fmt: skip
        """Choose and occupy the best box for a label: near its point, and on no line.

        Args:
            point: of the label.
            size: width and height of the label.
            gap: minimum pixels between point and box; with 0 the box may cover the point.
            reach: maximum pixels between point and box.
            crossing: cost of a box on a line, in pixels of distance.

        Returns:
            The box; None if there is no free one.
        """
        best: tuple[float, Box] | None = None
        for ring in np.arange(gap, reach + STEP, STEP):
            if best is not None and best[0] <= ring:
                break
            for number in range(DIRECTIONS if ring else 1):
                angle = 2 * math.pi * number / DIRECTIONS
                box = _box(point, size, float(ring), angle)
                if not self._is_free(box):
                    continue
                cost = float(ring) + crossing * self._on_a_line(box)
                if best is None or cost < best[0]:
                    best = cost, box
        if best is None:
            return None
        self.take(best[1])
        return best[1]

    def _is_free(self, box: Box) -> bool:
        left, top, right, bottom = (round(one) for one in box)
        height, width = self._taken.shape
        inside = left >= 0 and top >= 0 and right <= width and bottom <= height
        return inside and not self._taken[top:bottom, left:right].any()

    def _on_a_line(self, box: Box) -> bool:
        left, top, right, bottom = (max(0, round(one)) for one in box)
        return bool(self._lines[top:bottom, left:right].any())


def _box(point: tuple[float, float], size: tuple[float, float], ring: float, angle: float) -> Box:
    """The box at a distance `ring` from the point in a direction; centred on it for ring 0."""
    width, height = size
    x, y = point
    if ring:
        x += math.cos(angle) * (ring + width / 2)
        y += math.sin(angle) * (ring + height / 2)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2
