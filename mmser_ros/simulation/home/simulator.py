# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot with a camera in a furnished home."""

from __future__ import annotations

import math

import numpy as np

from mmser_ros.core.types import Camera, Pose
from mmser_ros.simulation.home.ground_truth import GroundTruth, Truth
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.mujoco_gl import SimulatorError
from mmser_ros.simulation.home.robot import DEFAULT_DRIFT, Drift, Robot
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.home.views import View, Viewer, default_camera


class Simulator:
    """Drive a robot through a home and see what its camera sees. Close it, or use it as a context.

    Args:
        home: of `make_home`.
        camera: of the robot; default: 320x240, 70 degrees wide.
        seed: of the start and of the errors of odometry.
        drift: the size of these errors.

    Attributes:
        robot: `step` drives it; its `pose` is the true one.

    Raises:
        SimulatorError: MuJoCo or a GL library is missing, or the home has no free place.

    Examples:
        >>> from mmser_ros.simulation.home.make_home import make_home
        >>> with Simulator(make_home(3)) as simulator:  # doctest: +SKIP
        ...     simulator.robot.step(linear=0.3, angular=0.2, seconds=1.0)
        ...     image = simulator.view().image
    """

    def __init__(
        self,
        home: Home,
        *,
        camera: Camera | None = None,
        seed: int = 0,
        drift: Drift = DEFAULT_DRIFT,
    ) -> None:
        self.home, self.camera = home, camera or default_camera()
        self.robot = _start(home, seed, drift)
        self._viewer = Viewer(build_scene(home), self.camera)
        self._truth = Truth(home)

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer."""
        self._viewer.close()

    def view(self) -> View:
        """Image and depth of the camera now."""
        return self._viewer.view(self.robot.pose)

    def numbers(self, pose: Pose) -> np.ndarray:
        """(height, width) int32: the object of each pixel from any pose, as `Viewer.numbers`."""
        return self._viewer.numbers(pose)

    def ground_truth(self) -> GroundTruth:
        """What is true of the view now."""
        pose = self.robot.pose
        return self._truth.of(self.camera, pose, self._viewer.numbers(pose))


def _start(home: Home, seed: int, drift: Drift) -> Robot:
    """In the hallway or, without one, the largest room; it looks to the middle of the room."""
    random = np.random.default_rng(seed)
    rooms = home.plan.rooms
    names = [one.name for one in rooms]
    areas = [(one.x1 - one.x0) * (one.y1 - one.y0) for one in rooms]
    number = names.index("hallway") if "hallway" in names else int(np.argmax(areas))
    robot = Robot(home, 0.0, 0.0, seed=seed, drift=drift)
    at = robot.obstacles.random_free(home, number, random)
    if at is None:
        msg = f"found no free place for the robot in the {names[number]} of home {home.seed}; "
        msg += "expected 0.5 m between its furniture: take another seed"
        raise SimulatorError(msg)
    room = rooms[number]
    aim = ((room.x0 + room.x1) / 2 - at[0], (room.y0 + room.y1) / 2 - at[1])
    robot.place(*at, math.atan2(aim[1], aim[0]))
    return robot
