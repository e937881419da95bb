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
from mmser_ros.simulation.exploration.explorers import Explorer
from mmser_ros.simulation.exploration.pilot import ExplorationPilot
from mmser_ros.simulation.home.ground_truth import GroundTruth
from mmser_ros.simulation.home.robot import Robot
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.simulation.home.views import View
from mmser_ros.simulation.navigation import (
    STILL,
    FreeSpace,
    PathFollower,
    Point,
    Velocity,
    shortest_path,
)

TICK = 0.1
"""Seconds between two velocity commands."""
LOOK_AFTER, TURN_AFTER = 0.4, 0.59
"""Metres and radians after which the robot looks again; five ticks on the spot are 0.6 radians."""
LONGEST = 240.0
"""Seconds after which an errand is given up."""


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

    Attributes:
        driven: metres so far.
    """

    def __init__(
        self,
        simulator: Simulator,
        localise: Callable[[Robot], Pose],
        *,
        distance: float,
        looks: int,
    ) -> None:
        self.driven = 0.0
        self._simulator, self._robot, self._localise = simulator, simulator.robot, localise
        self._distance, self._looks = distance, looks
        self._moment, self._count = SECOND, 0
        self._last = self._robot.pose

    def run(self, explorer: Explorer) -> Iterator[Look]:
        """Yield looks until a limit is reached; where nothing is left, a new round begins."""
        while not self._is_over():
            yield from self._go_round(explorer)
            explorer.restart()

    def _go_round(self, explorer: Explorer) -> Iterator[Look]:
        """Explore with an empty map until nothing is left."""
        pilot = ExplorationPilot(explorer, self._believed().position[:2])
        command: Velocity | None = STILL
        while command is not None and not self._is_over():
            if command == STILL or self._moved():
                yield self._look(pilot)
            command = pilot.command(self._believed(), self._moment)
            before = self._robot.pose.position
            self._robot.step(*(command or STILL), TICK)
            self.driven += math.dist(before, self._robot.pose.position)
            self._moment += round(TICK * SECOND)
            if self._robot.has_bumped:
                pilot.bumped(self._believed(), self._moment)

    def _is_over(self) -> bool:
        return self.driven >= self._distance or self._count >= self._looks

    def _believed(self) -> Pose:
        return self._localise(self._robot)

    def _moved(self) -> bool:
        now = self._robot.pose
        turn = math.remainder(heading(now.orientation) - heading(self._last.orientation), math.tau)
        return math.dist(now.position, self._last.position) >= LOOK_AFTER or abs(turn) >= TURN_AFTER

    def _look(self, pilot: ExplorationPilot) -> Look:
        pose, view = self._believed(), self._simulator.view()
        pilot.see(view.depth, self._simulator.camera, pose)
        self._last = self._robot.pose
        self._count += 1
        truth = self._simulator.ground_truth()
        return Look(self._moment, pose, self._last, view, truth, self.driven)


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
    while (command := follower.command(robot.pose)) is not None and seconds < LONGEST:
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
