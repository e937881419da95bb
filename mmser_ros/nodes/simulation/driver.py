# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Who drives the robot: a velocity from outside, the way to a goal, or exploration."""

from __future__ import annotations

import math
import threading

from mmser_ros.core.errors import MmserError
from mmser_ros.core.geometry import heading
from mmser_ros.core.types import SECOND, Pose
from mmser_ros.simulation.exploration.pilot import ExplorationPilot
from mmser_ros.simulation.navigation import (
    STILL,
    FreeSpace,
    NavigationError,
    PathFollower,
    Point,
    Velocity,
    shortest_path,
)

FASTEST, QUICKEST = 2.0, 4.0
"""Greatest m/s and rad/s that are obeyed; more is cut."""


class DrivingError(MmserError):
    """A command or goal that can't be."""


class Driver:
    """Takes commands and goals in any thread; `velocity` is for one thread.

    A velocity that is not zero ends the way to a goal. A robot without either explores, if it may.

    Args:
        space: of the home.

    Attributes:
        status: of the last goal or of exploration, in words.
        plan: the way that lies ahead.
        pilot: explores; None: nobody does.
        goals: how many it took up.
    """

    def __init__(self, space: FreeSpace) -> None:
        self.status = "no goal yet"
        self.plan: list[Point] = []
        self.pilot: ExplorationPilot | None = None
        self.goals = 0
        self._space = space
        self._lock = threading.Lock()
        self._given: Velocity | None = None
        self._seconds = 0.0
        self._until: int | None = None
        self._goal: tuple[Pose, float] | None = None
        self._follower: PathFollower | None = None

    def command(self, linear: float, angular: float, seconds: float) -> None:
        """Drive at a velocity for some simulated seconds, or until the next command.

        Raises:
            DrivingError: it is not finite.
        """
        if not (math.isfinite(linear) and math.isfinite(angular)):
            msg = f"cmd_vel of {linear} m/s and {angular} rad/s; expected finite numbers"
            raise DrivingError(msg)
        limited = Velocity(_within(linear, FASTEST), _within(angular, QUICKEST))
        with self._lock:
            self._given, self._seconds, self._until = limited, seconds, None

    def go_to(self, goal: Pose, tolerance: float) -> None:
        """Drive to a pose, in place of an earlier goal.

        Args:
            goal: in the map.
            tolerance: metres that a free place may be away from it.
        """
        with self._lock:
            self._goal, self._given = (goal, tolerance), None

    def velocity(self, pose: Pose, moment: int) -> Velocity:
        """What to do now.

        Args:
            pose: of the robot in the map.
            moment: simulated, in nanoseconds.
        """
        with self._lock:
            goal, self._goal = self._goal, None
            if self._until is None:
                self._until = moment + round(self._seconds * SECOND)
            if moment >= self._until:
                self._given = None
            given = self._given
        if goal is not None and not self._set_off(pose, *goal):
            return STILL  # for the refusal to be published before exploration goes on
        if given is not None and given != STILL and self._follower is not None:
            self._end("cancelled by cmd_vel")
        if self.pilot is not None and (given is not None or self._follower is not None):
            self.pilot.interrupt()
        if given is not None or self._follower is None:
            return given or self._explore(pose, moment)
        command = self._follower.command(pose)
        self.plan = self._follower.remaining
        if command is None:
            x, y, _ = pose.position
            self._end(f"reached ({x:.2f}, {y:.2f})")
        return command or STILL

    def _explore(self, pose: Pose, moment: int) -> Velocity:
        if self.pilot is None:
            return STILL
        command = self.pilot.command(pose, moment)
        self.status = "explored: nothing is left" if command is None else "exploring"
        return command or STILL

    def _set_off(self, pose: Pose, goal: Pose, tolerance: float) -> bool:
        """Whether a way leads to a goal."""
        at, to = _flat(pose), _flat(goal)
        self.goals += 1
        try:
            way = shortest_path(self._space, at, to, tolerance)
        except NavigationError as error:
            self._end(f"refused: {error}")
            return False
        self._follower = PathFollower(self._space, way, heading(goal.orientation))
        self.status, self.plan = f"driving to ({to[0]:.2f}, {to[1]:.2f})", way
        return True

    def _end(self, status: str) -> None:
        self._follower, self.status, self.plan = None, status, []


def _flat(pose: Pose) -> Point:
    return pose.position[0], pose.position[1]


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
