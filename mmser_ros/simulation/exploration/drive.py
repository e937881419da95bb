# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot drives through a home and looks, to explore it or to reach a goal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import SECOND, Pose
from mmser_ros.simulation.exploration.explorers import Explorer, Goal
from mmser_ros.simulation.exploration.occupancy import OccupancyMap
from mmser_ros.simulation.home.ground_truth import GroundTruth
from mmser_ros.simulation.home.robot import Robot
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.simulation.home.views import View
from mmser_ros.simulation.navigation import (
    FreeSpace,
    NavigationError,
    PathFollower,
    Point,
    shortest_path,
)

TICK = 0.1
"""Seconds between two velocity commands."""
LOOK_AFTER, TURN_AFTER = 0.4, 0.6
"""Metres and radians after which the robot looks again."""
TURN = 1.2
"""Rad/s on the spot."""
TURN_AGAIN = 2.0
"""Metres from places where it turned around within which it does not do so again."""
MOST_BUMPS = 3
"""Collisions after which a goal is given up."""
PATIENCE = 60.0
"""Seconds after which a goal is given up."""


@dataclass(frozen=True)
class Look:
    """What a robot saw.

    Attributes:
        stamp_ns: seconds since the start of the simulation, in nanoseconds.
        pose: where the robot thought it was.
        true_pose: where it was.
        view: image and depth.
        truth: what is true of the view.
        driven: metres since the start.
    """

    stamp_ns: int
    pose: Pose
    true_pose: Pose
    view: View
    truth: GroundTruth
    driven: float


class Exploration:
    """Explores a home from the robot's place, round by round, and yields what it sees.

    Args:
        simulator: with the robot.
        localise: the pose that the robot believes in, from the robot.
        distance: metres after which it ends.
        looks: number of looks after which it ends.
    """

    def __init__(
        self,
        simulator: Simulator,
        localise: Callable[[Robot], Pose],
        *,
        distance: float,
        looks: int,
    ) -> None:
        self._simulator, self._localise = simulator, localise
        self._distance, self._looks = distance, looks
        self.map = OccupancyMap(localise(simulator.robot).position[:2])
        self.driven, self._time, self._count = 0.0, 0.0, 0
        self._last: Pose | None = None
        self._turned_at: list[Point] = []

    def run(self, explorer: Explorer) -> Iterator[Look]:
        """Yield looks until a limit is reached; where nothing is left, a new round begins."""
        while not self._is_over():
            yield from self._go_round(explorer)
            self.map = OccupancyMap(self._believed().position[:2])
            self._turned_at.clear()
            explorer.restart()

    def _go_round(self, explorer: Explorer) -> Iterator[Look]:
        """Explore until nothing is left."""
        yield from self._turn_around()
        while not self._is_over():
            goal = explorer.choose(self.map, self._believed())
            if goal is None and self.map.forget_bumps():
                continue
            if goal is None:
                return
            yield from self._drive(goal)
            if goal.heading is not None:
                yield self._look()
            elif all(math.dist(self._at(), one) > TURN_AGAIN for one in self._turned_at):
                yield from self._turn_around()

    def _is_over(self) -> bool:
        return self.driven >= self._distance or self._count >= self._looks

    def _at(self) -> Point:
        return self._simulator.robot.pose.position[:2]

    def _believed(self) -> Pose:
        return self._localise(self._simulator.robot)

    def _drive(self, goal: Goal) -> Iterator[Look]:
        """Drive to a goal; plan again after each look, as the map grows."""
        begun, bumps = self._time, 0
        follower = self._plan(goal)
        while follower is not None and not self._is_over():
            command = follower.command(self._believed())
            if command is None or self._time - begun > PATIENCE:
                return
            self._step(*command)
            if self._simulator.robot.has_bumped:
                self._back_off()
                bumps += 1
                follower = self._plan(goal) if bumps < MOST_BUMPS else None
                continue
            if self._moved():
                yield self._look()
                follower = self._plan(goal)

    def _plan(self, goal: Goal) -> PathFollower | None:
        space = self.map.free_space()
        try:
            path = shortest_path(space, self._believed().position[:2], goal.point)
        except NavigationError:
            return None
        return PathFollower(space, path, goal.heading)

    def _back_off(self) -> None:
        """Remember what stopped the robot, and drive back a little."""
        pose = self._believed()
        self.map.add_obstacle(pose.position[:2], heading(pose.orientation))
        self._step(-0.2, 0.0, 1.0)

    def _turn_around(self) -> Iterator[Look]:
        turned = 0.0
        self._turned_at.append(self._at())
        while turned < 2 * math.pi and not self._is_over():
            yield self._look()
            self._step(0.0, TURN, TURN_AFTER / TURN)
            turned += TURN_AFTER

    def _step(self, linear: float, angular: float, seconds: float = TICK) -> None:
        before = self._simulator.robot.pose.position
        self._simulator.robot.step(linear, angular, seconds)
        self.driven += math.dist(before, self._simulator.robot.pose.position)
        self._time += seconds

    def _moved(self) -> bool:
        if self._last is None:
            return True
        now = self._simulator.robot.pose
        turn = math.remainder(heading(now.orientation) - heading(self._last.orientation), math.tau)
        return math.dist(now.position, self._last.position) >= LOOK_AFTER or abs(turn) >= TURN_AFTER

    def _look(self) -> Look:
        pose, view = self._believed(), self._simulator.view()
        self.map.add(view.depth, self._simulator.camera, pose)
        self._last = self._simulator.robot.pose
        self._count += 1
        stamp = round((1 + self._time) * SECOND)
        truth = self._simulator.ground_truth()
        return Look(stamp, pose, self._last, view, truth, self.driven)


def drive_to(robot: Robot, space: FreeSpace, goal: Point) -> float:
    """Drive to a point by the true pose; it stops where it bumps into something.

    Args:
        robot: to move.
        space: free space of the home.
        goal: in metres; the nearest free cell within 1 m counts.

    Returns:
        Metres that it drove.

    Raises:
        NavigationError: no way leads there.
    """
    follower = PathFollower(space, shortest_path(space, robot.pose.position[:2], goal))
    driven, seconds = 0.0, 0.0
    while (command := follower.command(robot.pose)) is not None and seconds < 4 * PATIENCE:
        before = robot.pose.position
        robot.step(*command, TICK)
        driven += math.dist(before, robot.pose.position)
        seconds += TICK
    return driven


class Localisation:
    """The pose that a robot with a map believes in: the true one with noise.

    Args:
        seed: of the noise.
        position: standard deviation of x and y, in metres.
        turn: standard deviation of the heading, in radians.
    """

    def __init__(self, seed: int, position: float = 0.03, turn: float = 0.01) -> None:
        self._random = np.random.default_rng(seed)
        self._position, self._turn = position, turn

    def __call__(self, robot: Robot) -> Pose:
        """A pose with its standard deviations."""
        x, y, turn = self._random.normal(0, 1, 3) * (self._position, self._position, self._turn)
        at, facing = robot.pose.position, heading(robot.pose.orientation) + turn
        return Pose(
            (at[0] + float(x), at[1] + float(y), 0.0),
            (0.0, 0.0, math.sin(facing / 2), math.cos(facing / 2)),
            position_sigma=self._position,
            heading_sigma=self._turn,
        )
