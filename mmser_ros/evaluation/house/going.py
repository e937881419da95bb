# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Go to things: ask the memory, drive there, and see whether it was right."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import Pose
from mmser_ros.evaluation.house.questions import Errand
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.exploration.drive import drive_to
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.robot import Robot
from mmser_ros.simulation.navigation import (
    FreeSpace,
    NavigationError,
    Point,
    path_length,
    shortest_path,
)

THERE = 1.0
"""Metres from the outline of an object, in its room, at which the robot is there."""
FARTHEST = 2.0
"""Metres from where the memory says that an object is, beyond which it is too far to stand."""
DETOUR, MARGIN = 3.0, 2.0
"""A way from the pose of a match that is longer than DETOUR times the straight one and MARGIN
metres leads behind a wall."""
NEARNESS = 12.0
"""Metres of way that a metre nearer to the object is worth; ways beside obstacles count more."""


@dataclass(frozen=True)
class Trip:
    """How an errand ended.

    Attributes:
        text: what was asked.
        answer: what the memory answered with: label and room; empty without an answer.
        success: whether the robot stands at one of the objects.
        driven: metres.
        shortest: metres of the shortest way to one of them.
    """

    text: str
    answer: str
    success: bool
    driven: float
    shortest: float

    @property
    def spl(self) -> float:
        """Success weighted by path length (arXiv 1807.06757)."""
        if not self.success:
            return 0.0
        return self.shortest / max(self.driven, self.shortest) if self.shortest else 1.0


def go_to(errand: Errand, memory: SceneMemory, home: Home, space: FreeSpace, start: Pose) -> Trip:
    """Ask the memory for something, and drive there from a start."""
    found = memory.find(errand.text, k=1)
    x, y, _ = start.position
    robot, driven, answer = Robot(home, x, y, heading(start.orientation)), 0.0, ""
    if found:
        match = found[0]
        answer = f"{match.label} in {match.room}"
        goal = standing_point(space, match.position[:2], match.pose.position[:2])
        with suppress(NavigationError):
            driven = drive_to(robot, space, goal)
    end = robot.pose.position[:2] if found else None
    return judge_trip(errand, answer, home, space, (x, y), end, driven)


def judge_trip(
    errand: Errand,
    answer: str,
    home: Home,
    space: FreeSpace,
    start: Point,
    end: Point | None,
    driven: float,
) -> Trip:
    """How an errand ended, by the truth of the home.

    Args:
        errand: what was asked.
        answer: of the memory.
        home: of the robot.
        space: free space of it.
        start: where the robot was, in metres.
        end: where it is now; None: the memory had no answer.
        driven: metres.
    """
    success = end is not None and is_there(home, errand.objects, end)
    shortest = _shortest(space, start, arrival_cells(home, space, errand.objects))
    return Trip(errand.text, answer, success, driven, shortest)


def standing_point(space: FreeSpace, position: Point, seen_from: Point) -> Point:
    """Where to stand at an object: near it, and on the side from which it was seen.

    The nearest free cell may be behind a wall. So only cells with a short way from where a robot
    saw it count. Without any near the object, it is there.

    Args:
        space: of the home.
        position: of the object, in metres.
        seen_from: where a robot saw it, in metres.
    """
    lengths, _ = space.distances(seen_from)
    x, y = _middles(space)
    apart = np.hypot(x - position[0], y - position[1])
    straight = np.hypot(x - seen_from[0], y - seen_from[1])
    near = (apart <= FARTHEST) & (lengths <= DETOUR * straight + MARGIN)
    costs = np.where(near, lengths + NEARNESS * apart, np.inf)
    cell = np.unravel_index(int(np.argmin(costs)), costs.shape)
    if not np.isfinite(costs[cell]):
        return seen_from
    return space.point((int(cell[0]), int(cell[1])))


def is_there(home: Home, objects: Iterable[int], at: Point) -> bool:
    """Whether a robot stands at one of some objects: near it, and in its room."""
    return bool(_are_there(home, objects, np.array([at[0]]), np.array([at[1]]))[0])


def arrival_cells(home: Home, space: FreeSpace, objects: Iterable[int]) -> np.ndarray:
    """(rows, columns) bool: free cells at one of some objects."""
    return space.free & _are_there(home, objects, *_middles(space))


def _are_there(home: Home, objects: Iterable[int], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """As `is_there`, of many positions at once."""
    there = np.zeros(x.shape, bool)
    for number in objects:
        one = home.objects[number]
        room = home.plan.rooms[one.room]
        across = np.maximum(np.maximum(one.low[0] - x, x - one.high[0]), 0)
        up = np.maximum(np.maximum(one.low[1] - y, y - one.high[1]), 0)
        inside = (room.x0 <= x) & (x < room.x1) & (room.y0 <= y) & (y < room.y1)
        there |= inside & (np.hypot(across, up) <= THERE)
    return there


def _middles(space: FreeSpace) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) x and y of the middles of cells, in metres."""
    rows, columns = np.indices(space.free.shape)
    x = space.origin[0] + (columns + 0.5) * space.resolution
    return x, space.origin[1] + (rows + 0.5) * space.resolution


def can_be_reached(home: Home, space: FreeSpace, start: Point, objects: Iterable[int]) -> bool:
    """Whether a robot can stand at one of some objects."""
    lengths, _ = space.distances(start)
    return bool((arrival_cells(home, space, objects) & np.isfinite(lengths)).any())


def _shortest(space: FreeSpace, start: Point, goals: np.ndarray) -> float:
    """Metres of the shortest way to one of some cells; 0 at one of them, or without any."""
    lengths, _ = space.distances(start)
    ways = np.where(goals, lengths, np.inf)
    cell = np.unravel_index(int(np.argmin(ways)), ways.shape)
    if not np.isfinite(ways[cell]):
        return 0.0
    return path_length(shortest_path(space, start, space.point((int(cell[0]), int(cell[1])))))
