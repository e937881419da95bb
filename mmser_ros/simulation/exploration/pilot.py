# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Exploration as velocity commands, step by step: for a robot that others drive, too."""

from __future__ import annotations

import math

import numpy as np

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import SECOND, Camera, Pose
from mmser_ros.simulation.exploration.explorers import Explorer, Goal
from mmser_ros.simulation.exploration.occupancy import OccupancyMap
from mmser_ros.simulation.navigation import (
    STILL,
    NavigationError,
    PathFollower,
    Point,
    Velocity,
    shortest_path,
)

TURN = 1.2
"""Rad/s on the spot."""
BACK = Velocity(-0.2, 0.0)
BACK_SECONDS = 1.0
PATIENCE = 60.0
"""Seconds after which a goal is given up."""
TURN_AGAIN = 2.0
"""Metres from where it has turned around, in which it does not turn again."""
RECHECK = 1.0
"""Seconds after which a path is planned again, as the map grows."""


class ExplorationPilot:
    """Explores with a map of its own; tell it what the camera sees, and ask where to drive.

    Args:
        explorer: chooses the goals.
        start: where the robot is, in metres.
    """

    def __init__(self, explorer: Explorer, start: Point) -> None:
        self._explorer, self._map = explorer, OccupancyMap(start)
        self._follower: PathFollower | None = None
        self._goal: Goal | None = None
        self._since = self._planned = self._backing_until = 0
        self._left, self._facing = math.tau, math.nan
        self._turned_at = [start]

    def see(self, depth: np.ndarray, camera: Camera, pose: Pose) -> None:
        """Add a depth image (height, width) in metres, and the pose it was taken from."""
        self._map.add(depth, camera, pose)

    def interrupt(self) -> None:
        """Somebody else drives: choose a goal anew, afterwards."""
        self._follower, self._left = None, 0.0

    def bumped(self, pose: Pose, moment: int) -> None:
        """Something stopped the robot: remember it, and drive back a little."""
        if moment >= self._backing_until:
            self._map.add_obstacle(pose.position[:2], heading(pose.orientation))
            self._backing_until = moment + round(BACK_SECONDS * SECOND)
            self.interrupt()

    def command(self, pose: Pose, moment: int) -> Velocity | None:
        """Where to drive now; None: nothing is left to explore.

        It stands still for a look where the explorer wants one with a heading.

        Args:
            pose: of the robot in its map.
            moment: in nanoseconds.
        """
        if moment < self._backing_until:
            return BACK
        if self._left > 0:
            return self._turn(pose)
        command = None
        if self._follower is not None:
            command = self._follow(pose, moment) or self._look_around(pose)
        if command is not None:
            return command
        self._goal, self._since = self._choose(pose), moment
        if self._goal is None:
            return None
        self._plan(pose, moment)
        return self.command(pose, moment)

    def _choose(self, pose: Pose) -> Goal | None:
        """The next goal; where it bumped counts as free again before it gives up."""
        goal = self._explorer.choose(self._map, pose)
        if goal is None and self._map.forget_bumps():
            goal = self._explorer.choose(self._map, pose)
        return goal

    def _look_around(self, pose: Pose) -> Velocity | None:
        """Where a way has ended: stand still for a look with a heading, or turn around once."""
        if self._goal is not None and self._goal.heading is not None:
            return STILL
        at = pose.position[:2]
        if any(math.dist(at, one) <= TURN_AGAIN for one in self._turned_at):
            return None
        self._turned_at.append(at)
        self._left, self._facing = math.tau, math.nan
        return self._turn(pose)

    def _turn(self, pose: Pose) -> Velocity:
        facing = heading(pose.orientation)
        if not math.isnan(self._facing):
            self._left -= abs(math.remainder(facing - self._facing, math.tau))
        self._facing = facing
        return Velocity(0.0, TURN)

    def _follow(self, pose: Pose, moment: int) -> Velocity | None:
        if moment - self._since > PATIENCE * SECOND:
            self._follower = None
        elif moment - self._planned > RECHECK * SECOND:
            self._plan(pose, moment)
        command = None if self._follower is None else self._follower.command(pose)
        if command is None:
            self._follower = None
        return command

    def _plan(self, pose: Pose, moment: int) -> None:
        self._planned, self._follower = moment, None
        if self._goal is None:
            return
        space = self._map.free_space()
        try:
            path = shortest_path(space, pose.position[:2], self._goal.point)
        except NavigationError:
            return
        self._follower = PathFollower(space, path, self._goal.heading)
