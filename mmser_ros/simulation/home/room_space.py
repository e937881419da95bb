# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Free space of one room while it is furnished."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label

from mmser_ros.simulation.home.floor_plan import FloorPlan, Opening
from mmser_ros.simulation.home.shapes import Part, extents

Rectangle = tuple[float, float, float, float]
CLEARANCE = 0.24
"""Metres that a robot needs around its centre."""
CELL = 0.08
BEFORE_DOOR = 0.85
"""Free depth before a door, in metres."""
SMALLEST_FREE = 1.2
"""Square metres in which a robot can move."""
FLAT = 0.03
"""What is lower than this, in metres, is no obstacle."""
HEADROOM = 1.3
"""What begins above this height, in metres, is no obstacle: the robot fits under it."""
YAWS = {"north": 0.0, "south": 180.0, "west": 90.0, "east": -90.0}
"""Yaw of an object whose back is at a wall."""


def overlaps(a: Rectangle, b: Rectangle, gap: float = 0.0) -> bool:
    """Whether two rectangles come closer than `gap`."""
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def front_zone(foot: Rectangle, depth: float, yaw: float) -> Rectangle:
    """The rectangle before an object with a yaw of `YAWS`."""
    x0, y0, x1, y1 = foot
    return {
        0.0: (x0, y0 - depth, x1, y0),
        180.0: (x0, y1, x1, y1 + depth),
        90.0: (x1, y0, x1 + depth, y1),
        -90.0: (x0 - depth, y0, x0, y1),
    }[yaw]


def _union(feet: list[Rectangle]) -> Rectangle:
    every = np.array(feet)
    low, high = every[:, :2].min(0), every[:, 2:].max(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


class RoomSpace:
    """What is taken in a room, and whether something more fits."""

    def __init__(self, plan: FloorPlan, number: int) -> None:
        self.inner = plan.rooms[number].inner()
        self.openings = plan.openings_of(number)
        self.taken: list[Rectangle] = []
        self.fronts: list[Rectangle] = []
        self.doors = [self._zone(one) for one in self.openings if one.kind != "window"]
        self.boxes = np.zeros((0, 2, 3))

    def _zone(self, door: Opening) -> Rectangle:
        """The rectangle before a door, inside the room."""
        x0, y0, x1, y1 = self.inner
        low, high, line = door.low - 0.05, door.high + 0.05, door.line
        if door.along_x:
            y = (
                (y0, y0 + BEFORE_DOOR)
                if abs(line - y0) < abs(line - y1)
                else (y1 - BEFORE_DOOR, y1)
            )
            return low, y[0], high, y[1]
        x = (x0, x0 + BEFORE_DOOR) if abs(line - x0) < abs(line - x1) else (x1 - BEFORE_DOOR, x1)
        return x[0], low, x[1], high

    def wall_position(
        self, parts: list[Part], side: str, along: float, gap: float = 0.01
    ) -> tuple[float, float]:
        """Where an object with its back at a wall stands; `along` is 0 to 1 along the wall."""
        low, high = extents([part.placed((0, 0, 0), YAWS[side]) for part in parts])
        x0, y0, x1, y1 = self.inner
        x = x0 + gap - low[0] + along * (x1 - x0 - 2 * gap - (high[0] - low[0]))
        y = y0 + gap - low[1] + along * (y1 - y0 - 2 * gap - (high[1] - low[1]))
        return {
            "north": (x, y1 - gap - high[1]),
            "south": (x, y0 + gap - low[1]),
            "west": (x0 + gap - low[0], y),
            "east": (x1 - gap - high[0], y),
        }[side]

    def fits(self, objects: list[list[Part]], front: float = 0.0, yaw: float = 0.0) -> bool:
        """Whether furniture fits on the floor: nothing is hit, and all doors stay reachable.

        Args:
            objects: the parts of each, in the frame of the home.
            front: free depth that they need, in metres.
            yaw: the side that it is on, as in `YAWS`.
        """
        feet = []
        for parts in objects:
            low, high = extents(parts)
            foot = (low[0], low[1], high[0], high[1])
            feet.append(foot)
            if not self._inside(foot) or self._hides_window(foot, high[2]):
                return False
            if any(overlaps(foot, one) for one in self.doors + self.fronts):
                return False
            if any(overlaps(foot, one, 0.02) for one in self.taken):
                return False
            if not self.clear_of_boxes(parts):
                return False
        before = front_zone(_union(feet), front, yaw)
        if front and (not self._inside(before) or any(overlaps(before, one) for one in self.taken)):
            return False
        return self._connected([*self.taken, *feet])

    def clear_of_boxes(self, parts: list[Part], inside: list[Part] | None = None) -> bool:
        """Whether parts touch no part of another object but the hollow one that they are in."""
        boxes = self.boxes
        if inside:
            own = np.array([extents([part]) for part in inside])
            boxes = boxes[~(boxes[:, None] == own).all((2, 3)).any(1)]
        for part in parts:
            low, high = extents([part])
            hit = (boxes[:, 0] < high - 0.002) & (boxes[:, 1] > low + 0.002)
            if hit.all(1).any():
                return False
        return True

    def add(self, objects: list[list[Part]], front: float = 0.0, yaw: float = 0.0) -> None:
        """Take the space of objects; the arguments are those of `fits`."""
        feet = []
        for parts in objects:
            boxes = np.array([extents([part]) for part in parts])
            self.boxes = np.concatenate([self.boxes, boxes])
            low, high = boxes[:, 0].min(0), boxes[:, 1].max(0)
            if high[2] > FLAT and low[2] < HEADROOM:
                feet.append((low[0], low[1], high[0], high[1]))
        self.taken += feet
        if front:
            self.fronts.append(front_zone(_union(feet), front, yaw))

    def free_of_openings(self, parts: list[Part]) -> bool:
        """Whether something on a wall covers no door and no window."""
        low, high = extents(parts)
        for one in self.openings:
            a, b = (0, 1) if one.along_x else (1, 0)
            near = low[b] - 0.15 < one.line < high[b] + 0.15
            if near and low[a] < one.high + 0.12 and high[a] > one.low - 0.12:
                return False
        return True

    def _inside(self, foot: Rectangle) -> bool:
        x0, y0, x1, y1 = self.inner
        return foot[0] >= x0 and foot[1] >= y0 and foot[2] <= x1 and foot[3] <= y1

    def _hides_window(self, foot: Rectangle, top: float) -> bool:
        for one in self.openings:
            if one.kind != "window" or top < one.bottom + 0.1:
                continue
            wall = (one.low, one.line - 0.3, one.high, one.line + 0.3)
            if overlaps(foot, wall if one.along_x else (wall[1], wall[0], wall[3], wall[2])):
                return True
        return False

    def _connected(self, taken: list[Rectangle]) -> bool:
        x0, y0, x1, y1 = self.inner
        columns, rows = int((x1 - x0) / CELL), int((y1 - y0) / CELL)
        x, y = x0 + (np.arange(columns) + 0.5) * CELL, y0 + (np.arange(rows) + 0.5) * CELL
        free = np.ones((columns, rows), bool)
        for a, b, c, d in taken:
            near_x = (x > a - CLEARANCE) & (x < c + CLEARANCE)
            free[np.ix_(near_x, (y > b - CLEARANCE) & (y < d + CLEARANCE))] = False
        edge = int(CLEARANCE / CELL)
        free[:edge] = free[-edge:] = free[:, :edge] = free[:, -edge:] = False
        parts, _ = label(free)
        at_doors = set()
        for a, b, c, d in self.doors:
            column, row = int(((a + c) / 2 - x0) / CELL), int(((b + d) / 2 - y0) / CELL)
            at_doors.add(int(parts[min(column, columns - 1), min(row, rows - 1)]))
        if len(at_doors) != 1 or 0 in at_doors:
            return False
        return float((parts == at_doors.pop()).sum() * CELL**2) > SMALLEST_FREE
