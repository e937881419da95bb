# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Drive to a goal: free space as a grid, the shortest path in it, and velocity commands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from mmser_ros.core.errors import MmserError
from mmser_ros.core.geometry import heading
from mmser_ros.core.types import Pose
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.robot import RADIUS, Obstacles

RESOLUTION = 0.05
"""Metres: the width of a cell."""
GAP = RADIUS + 0.01
"""Metres from the middle of the robot to an obstacle, at least."""
COMFORT = RADIUS + 0.25
"""Metres from which on obstacles don't make a path longer."""
SPEED, TURN = 0.5, 1.5
"""Greatest m/s and rad/s."""
AHEAD = 1.0
"""Metres of the path that the robot may aim at."""
STRAIGHT = 0.4
"""Radians of turn from which on the robot turns on the spot."""
NEAR, ALIGNED = 0.05, 0.05
"""Metres and radians at which a goal is reached."""
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))

Point = tuple[float, float]
Cell = tuple[int, int]


class NavigationError(MmserError):
    """There is no way to a goal."""


class Velocity(NamedTuple):
    """A command: m/s ahead, and rad/s to the left."""

    linear: float
    angular: float


STILL = Velocity(0.0, 0.0)


@dataclass(frozen=True)
class FreeSpace:
    """Where a robot can stand.

    Attributes:
        clearance: (rows, columns) metres from the middle of each cell to the nearest obstacle;
            rows run along y, columns along x.
        origin: x and y of the corner of cell (0, 0), in metres.
        resolution: width of a cell, in metres.

    Examples:
        >>> from mmser_ros.simulation.home.make_home import make_home
        >>> space = free_space(make_home(3))
        >>> space.is_free((-1.0, -1.0))  # outdoors
        False
    """

    clearance: np.ndarray
    origin: Point
    resolution: float = RESOLUTION

    @classmethod
    def from_occupied(
        cls, occupied: np.ndarray, origin: Point, resolution: float = RESOLUTION
    ) -> FreeSpace:
        """Of a (rows, columns) bool grid, such as a map that a robot has made."""
        padded = np.pad(occupied, 1, constant_values=True)
        clearance = distance_transform_edt(~padded)[1:-1, 1:-1] * resolution
        return cls(clearance - resolution / 2, origin, resolution)

    @cached_property
    def free(self) -> np.ndarray:
        """(rows, columns) bool: cells in which a robot can stand."""
        return self.clearance > GAP

    def cell(self, point: Point) -> Cell:
        """Row and column of a point; they may lie outside of the grid."""
        column, row = ((point[axis] - self.origin[axis]) / self.resolution for axis in (0, 1))
        return math.floor(row), math.floor(column)

    def point(self, cell: Cell) -> Point:
        """The middle of a cell, in metres."""
        row, column = cell
        return (
            self.origin[0] + (column + 0.5) * self.resolution,
            self.origin[1] + (row + 0.5) * self.resolution,
        )

    def is_free(self, point: Point) -> bool:
        """Whether a robot can stand at a point."""
        row, column = self.cell(point)
        rows, columns = self.free.shape
        return 0 <= row < rows and 0 <= column < columns and bool(self.free[row, column])

    def nearest_free(self, point: Point, among: np.ndarray | None = None) -> tuple[Cell, float]:
        """The free cell of a point, or the one that is nearest to it, and its distance in metres.

        Args:
            point: in metres.
            among: (rows, columns) bool: cells to choose from; default: all free ones.

        Raises:
            NavigationError: there is none.
        """
        free = self.free if among is None else self.free & among
        here = self.cell(point)
        if self.is_free(point) and free[here]:
            return here, 0.0
        cells = np.argwhere(free)
        if not len(cells):
            msg = f"no cell of {self.free.shape[0]}x{self.free.shape[1]} is free; expected "
            msg += f"places with {GAP:.2f} m to the nearest obstacle"
            raise NavigationError(msg)
        middles = np.array(self.origin) + (cells[:, ::-1] + 0.5) * self.resolution
        distances = np.hypot(*(middles - point).T)
        best = int(np.argmin(distances))
        return (int(cells[best, 0]), int(cells[best, 1])), float(distances[best])

    def sees(self, a: Point, b: Point) -> bool:
        """Whether a robot can drive straight from one point to the other."""
        count = max(2, math.ceil(2 * math.dist(a, b) / self.resolution))
        shares = np.linspace(0, 1, count)[:, None]
        return all(map(self.is_free, (np.array(a) * (1 - shares) + np.array(b) * shares).tolist()))

    def distances(self, start: Point) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of the shortest paths from a point to all cells.

        Returns:
            (rows, columns) metres, longer beside obstacles, `inf` where no path leads; and
            (rows, columns) the index of the cell before on the path, below 0 at its start.
        """
        begin = np.ravel_multi_index(self.nearest_free(start)[0], self.free.shape)
        lengths, before = dijkstra(
            self._graph, directed=False, indices=int(begin), return_predecessors=True
        )
        return lengths.reshape(self.free.shape), before.reshape(self.free.shape)

    @cached_property
    def _graph(self) -> csr_array:
        """Steps between free neighbours; those beside obstacles cost up to nine times as much."""
        shape = self.free.shape
        numbers = np.arange(self.free.size).reshape(shape)
        close = np.clip((COMFORT - self.clearance) / (COMFORT - GAP), 0, 1)
        rows, columns, costs = [], [], []
        for down, right in STEPS:
            a = np.s_[: shape[0] - down, max(0, -right) : shape[1] - max(0, right)]
            b = np.s_[down:, max(0, right) : shape[1] + min(0, right)]
            both = self.free[a] & self.free[b]
            rows.append(numbers[a][both])
            columns.append(numbers[b][both])
            factor = 1 + 4 * close[a][both] ** 2 + 4 * close[b][both] ** 2
            costs.append(factor * math.hypot(down, right) * self.resolution)
        ends = np.concatenate(rows), np.concatenate(columns)
        return csr_array((np.concatenate(costs), ends), shape=(numbers.size,) * 2)


def free_space(home: Home, resolution: float = RESOLUTION) -> FreeSpace:
    """The free space of a home, by its walls and furniture."""
    obstacles, rooms = Obstacles(home), home.plan.rooms
    low = np.array([min(one.x0 for one in rooms), min(one.y0 for one in rooms)])
    high = np.array([max(one.x1 for one in rooms), max(one.y1 for one in rooms)])
    columns, rows = np.ceil((high - low) / resolution).astype(int).tolist()
    clearance = np.zeros((rows, columns))
    space = FreeSpace(clearance, (float(low[0]), float(low[1])), resolution)
    for row in range(rows):
        for column in range(columns):
            point = space.point((row, column))
            if home.plan.room_at(*point) is not None:
                clearance[row, column] = obstacles.distance(*point)
    return space


def shortest_path(
    space: FreeSpace, start: Point, goal: Point, tolerance: float = 1.0
) -> list[Point]:
    """Points from the start to the goal, one a cell; it keeps off obstacles where there is room.

    Args:
        space: of the home, or of a map.
        start: where the robot is; in an obstacle, the nearest free cell counts.
        goal: where it shall go; in an obstacle, the nearest free cell within `tolerance` counts.
        tolerance: metres.

    Raises:
        NavigationError: nothing free is near the goal, or no way leads there.
    """
    lengths, before = space.distances(start)
    cell, off = space.nearest_free(goal, among=np.isfinite(lengths))
    if off > tolerance:
        at = f"({goal[0]:.2f}, {goal[1]:.2f})"
        msg = f"no way leads to the goal {at}: the nearest place that the robot can reach is "
        msg += f"{off:.2f} m away; expected {tolerance:g} m at most"
        raise NavigationError(msg)
    points = [space.point(cell) if off else goal]
    while (index := int(before[cell])) >= 0:
        row, column = divmod(index, lengths.shape[1])
        cell = row, column
        points.append(space.point(cell))
    return points[::-1]


def path_length(points: list[Point]) -> float:
    """Metres along points."""
    return sum(math.dist(a, b) for a, b in pairwise(points))


class PathFollower:
    """Velocity commands along a path, then to a heading.

    It aims at the farthest point of the path that it can drive to straight, and turns on the spot
    at corners.

    Args:
        space: that the path is in.
        path: of `shortest_path`.
        final_heading: radians; None: any.
    """

    def __init__(
        self, space: FreeSpace, path: list[Point], final_heading: float | None = None
    ) -> None:
        self._space, self._path, self._heading = space, path, final_heading
        self._passed = 0
        self._is_there = False

    @property
    def remaining(self) -> list[Point]:
        """The part of the path that lies ahead."""
        return self._path[self._passed :]

    def command(self, pose: Pose) -> Velocity | None:
        """What to do now; None: the goal is reached. Ask again at least ten times a second."""
        at, facing = pose.position[:2], heading(pose.orientation)
        self._is_there = self._is_there or math.dist(at, self._path[-1]) < NEAR
        if not self._is_there:
            target = self._target(at)
            turn = _turn_to(facing, math.atan2(target[1] - at[1], target[0] - at[0]))
            if abs(turn) > STRAIGHT:
                return Velocity(0.0, _limited(turn))
            speed = SPEED * (1 - abs(turn) / STRAIGHT)
            speed = max(0.02, min(speed, 1.5 * math.dist(at, self._path[-1])))
            return Velocity(speed, _limited(turn))
        turn = 0.0 if self._heading is None else _turn_to(facing, self._heading)
        return Velocity(0.0, _limited(turn)) if abs(turn) > ALIGNED else None

    def _target(self, at: Point) -> Point:
        ahead = self.remaining
        self._passed += int(np.argmin([math.dist(at, one) for one in ahead]))
        for index in range(len(self._path) - 1, self._passed, -1):
            point = self._path[index]
            if math.dist(at, point) < AHEAD and self._space.sees(at, point):
                return point
        return self._path[min(self._passed + 1, len(self._path) - 1)]


def _turn_to(facing: float, wanted: float) -> float:
    return math.remainder(wanted - facing, 2 * math.pi)


def _limited(turn: float) -> float:
    return max(-TURN, min(TURN, 2.5 * turn))
