# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A differential-drive robot in a home: it drives, bumps into things, and its odometry drifts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mmser_ros.core.types import Pose
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.room_space import FLAT, HEADROOM
from mmser_ros.simulation.home.shapes import extents
from mmser_ros.simulation.home.walls import wall_parts

RADIUS = 0.2
"""Of the robot, in metres."""
STRIDE = 0.01
"""Metres between two checks for collisions."""


class Obstacles:
    """Rectangles that a robot can't enter: walls, and parts of objects at its height."""

    def __init__(self, home: Home) -> None:
        boxes = [one.part_boxes for one in home.objects]
        for room in range(len(home.plan.rooms)):
            parts = wall_parts(home.plan, room, "plaster/white")
            boxes.append(np.array([extents([part]) for part in parts]))
        every = np.concatenate(boxes)
        solid = (every[:, 1, 2] > FLAT) & (every[:, 0, 2] < HEADROOM)
        self._low, self._high = every[solid, 0, :2], every[solid, 1, :2]

    def distance(self, x: float, y: float) -> float:
        """Metres from a point to the nearest obstacle; 0 inside one."""
        gap = np.maximum(np.maximum(self._low - (x, y), (x, y) - self._high), 0)
        return float(np.hypot(gap[:, 0], gap[:, 1]).min())

    def random_free(
        self, home: Home, room: int, random: np.random.Generator, gap: float = RADIUS + 0.03
    ) -> tuple[float, float] | None:
        """A position in a room where a robot can stand; None if none was found."""
        x0, y0, x1, y1 = home.plan.rooms[room].inner()
        for _ in range(300):
            x, y = float(random.uniform(x0, x1)), float(random.uniform(y0, y1))
            if self.distance(x, y) > gap:
                return x, y
        return None


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Errors of odometry: of scale, drawn once, and random ones that grow with the way.

    Attributes:
        distance_scale: standard deviation of the scale of distances.
        turn_scale: standard deviation of the scale of turns.
        distance: standard deviation after 1 m, in metres.
        turn: standard deviation after 1 radian, in radians.
        turn_by_distance: standard deviation of the heading after 1 m, in radians.
    """

    distance_scale: float = 0.01
    turn_scale: float = 0.01
    distance: float = 0.01
    turn: float = 0.01
    turn_by_distance: float = 0.01


DEFAULT_DRIFT = Drift()


class Robot:
    """Kinematics of a round robot with two driven wheels.

    Args:
        home: where it is.
        x: of its start, in metres.
        y: of its start, in metres.
        heading: of its start, in radians from the x axis.
        seed: of the errors of odometry.
        drift: how large they are.

    Attributes:
        pose: the true one.
        odometry: where it thinks it is; equal to `pose` at the start.
        has_bumped: whether it was stopped in the last step.
    """

    def __init__(
        self,
        home: Home,
        x: float,
        y: float,
        heading: float = 0.0,
        *,
        seed: int = 0,
        drift: Drift = DEFAULT_DRIFT,
    ) -> None:
        self.obstacles = Obstacles(home)
        self._random, self._drift = np.random.default_rng(seed), drift
        self._distance_scale = 1 + drift.distance_scale * self._random.normal()
        self._turn_scale = 1 + drift.turn_scale * self._random.normal()
        self.place(x, y, heading)

    def place(self, x: float, y: float, heading: float) -> None:
        """Carry the robot to a pose; it knows where it is then."""
        self._true = self._believed = (x, y, heading)
        self.has_bumped = False

    @property
    def pose(self) -> Pose:
        """The true pose on the floor."""
        return flat_pose(*self._true)

    @property
    def odometry(self) -> Pose:
        """The pose by odometry."""
        return flat_pose(*self._believed)

    def step(self, linear: float, angular: float, seconds: float) -> None:
        """Drive for a time; an obstacle stops it, turning on the spot is always possible.

        Args:
            linear: speed ahead in m/s; negative is backwards.
            angular: turn to the left in rad/s.
            seconds: how long.
        """
        count = max(
            1, math.ceil(abs(linear) * seconds / STRIDE), math.ceil(abs(angular) * seconds / 0.05)
        )
        distance, turn = linear * seconds / count, angular * seconds / count
        driven = 0.0
        self.has_bumped = False
        for _ in range(count):
            ahead = _advance(self._true, 0.0 if self.has_bumped else distance, turn)
            before = self.obstacles.distance(*self._true[:2])
            after = self.obstacles.distance(*ahead[:2])
            if after < RADIUS and after < before:
                self.has_bumped = True
                ahead = _advance(self._true, 0.0, turn)
            else:
                driven += 0.0 if self.has_bumped else distance
            self._true = ahead
        self._believe(driven, angular * seconds)

    def _believe(self, distance: float, turn: float) -> None:
        drift, noise = self._drift, self._random.normal(size=3)
        far, round_ = math.sqrt(abs(distance)), math.sqrt(abs(turn))
        moved = distance * self._distance_scale + drift.distance * far * noise[0]
        turned = turn * self._turn_scale + drift.turn * round_ * noise[1]
        turned += drift.turn_by_distance * far * noise[2]
        self._believed = _advance(self._believed, float(moved), float(turned))


def flat_pose(x: float, y: float, heading: float) -> Pose:
    """A pose on the floor."""
    return Pose((x, y, 0.0), (0.0, 0.0, math.sin(heading / 2), math.cos(heading / 2)))


def _advance(
    at: tuple[float, float, float], distance: float, turn: float
) -> tuple[float, float, float]:
    """Along the chord of an arc."""
    x, y, heading = at
    middle = heading + turn / 2
    heading = math.remainder(heading + turn, 2 * math.pi)
    return x + distance * math.cos(middle), y + distance * math.sin(middle), heading
