# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Explorers: where a robot drives next, by frontiers alone or also by what a memory doubts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import Pose
from mmser_ros.simulation.exploration.frontiers import find_frontiers
from mmser_ros.simulation.exploration.occupancy import CELL, OccupancyMap
from mmser_ros.simulation.navigation import FreeSpace, NavigationError, Point

FAILED = 0.4
"""Metres around a goal that was reached, or failed, in which none is chosen again."""
ATTEMPTS = 3
"""Failures after which a goal is given up."""
WORTH = 1.5
"""Metres of way that a frontier of 1 m is worth."""
BASE = 1.0
"""Metres that are added to every way, so that near trifles do not come first."""
SAME_HEADING = 0.6
"""Radians within which a look from the same place is the same."""


@dataclass(frozen=True)
class Goal:
    """Where to drive.

    Attributes:
        point: in metres.
        heading: radians; None: turn around once and look everywhere.
    """

    point: Point
    heading: float | None = None


class Explorer(Protocol):
    """Chooses goals."""

    def choose(self, known: OccupancyMap, pose: Pose) -> Goal | None:
        """The next goal; None if nothing is left to explore."""
        ...

    def restart(self) -> None:
        """Another round begins, with an empty map."""
        ...


class FrontierExplorer:
    """Drives to the frontier with the most length for its way, and looks around there."""

    def __init__(self) -> None:
        self._done: list[Point] = []
        self._last: Point | None = None

    def choose(self, known: OccupancyMap, pose: Pose) -> Goal | None:
        """The next goal; None without frontiers."""
        self._close_last(pose)
        space = known.free_space()
        try:
            lengths, _ = space.distances(pose.position[:2])
        except NavigationError:
            return None
        valued = self._valued(known, space, lengths)
        best = max(valued, key=lambda one: one[0], default=None)
        if best is None:
            return None
        self._take(best[1])
        return best[1]

    def restart(self) -> None:
        """Another round begins: no frontier is done."""
        self._done.clear()
        self._last = None

    def _take(self, goal: Goal) -> None:
        self._last = goal.point

    def _close_last(self, pose: Pose) -> None:
        """A goal that was reached is done; one that was not counts as a third of that."""
        if self._last is not None:
            reached = math.dist(pose.position[:2], self._last) < FAILED
            self._done += [self._last] * (ATTEMPTS if reached else 1)
            self._last = None

    def _valued(
        self, known: OccupancyMap, space: FreeSpace, lengths: np.ndarray
    ) -> list[tuple[float, Goal]]:
        """Goals with their values, such as metres of frontier for a metre of way."""
        valued = []
        for one in find_frontiers(known, space, lengths):
            if sum(math.dist(one.stand, other) < FAILED for other in self._done) < ATTEMPTS:
                value = WORTH * one.cells * CELL / (BASE + one.distance)
                valued.append((value, Goal(one.stand)))
        return valued


@dataclass(frozen=True)
class LookWish:
    """A pose that something wants a look from, and how much it expects to learn."""

    pose: Pose
    gain: float


class ActiveExplorer(FrontierExplorer):
    """Drives to frontiers, and without any where a memory wants another look.

    Args:
        wishes: gives the looks that are wanted now.
    """

    def __init__(self, wishes: Callable[[], Sequence[LookWish]]) -> None:
        super().__init__()
        self._wishes = wishes
        self._looked: list[tuple[Point, float]] = []

    def _take(self, goal: Goal) -> None:
        if goal.heading is None:
            super()._take(goal)
        else:
            self._looked.append((goal.point, goal.heading))

    def _valued(
        self, known: OccupancyMap, space: FreeSpace, lengths: np.ndarray
    ) -> list[tuple[float, Goal]]:
        valued = super()._valued(known, space, lengths)
        if valued:
            return valued
        reached = np.isfinite(lengths)
        for wish in self._wishes():
            at, turn = wish.pose.position[:2], heading(wish.pose.orientation)
            cell, off = space.nearest_free(at, among=reached)
            if off > FAILED or self._was_looked(space.point(cell), turn):
                continue
            value = wish.gain / (BASE + float(lengths[cell]))
            valued.append((value, Goal(space.point(cell), turn)))
        return valued

    def _was_looked(self, at: Point, turn: float) -> bool:
        return any(
            math.dist(at, other) < FAILED
            and abs(math.remainder(turn - before, 2 * math.pi)) < SAME_HEADING
            for other, before in self._looked
        )
