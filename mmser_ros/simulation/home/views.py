# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a camera sees: colour, depth and numbers of objects."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mmser_ros.core.geometry import rotation_matrix
from mmser_ros.core.types import Camera, Pose
from mmser_ros.simulation.home.floor_plan import HEIGHT
from mmser_ros.simulation.home.mujoco_gl import SimulatorError, make_renderer, mujoco
from mmser_ros.simulation.home.scene import LIGHTS, Scene

FARTHEST = 30.0
"""Metres beyond which there is no depth."""

BRIGHTNESS = 0.42
"""Of a ceiling lamp."""


@dataclass(frozen=True)
class View:
    """An image with its depth.

    Attributes:
        image: (height, width, 3) uint8 RGB.
        depth: (height, width) float32, in metres along the optical axis; 0 where unknown.
    """

    image: np.ndarray
    depth: np.ndarray


def default_camera(width: int = 320, height: int = 240) -> Camera:
    """A camera 1.1 m above the floor with a horizontal field of view of 70 degrees, 10 down."""
    focal = width / 2 / math.tan(math.radians(35))
    tilt = math.radians(10)
    a, b = (
        0.5 * (math.cos(tilt / 2) + math.sin(tilt / 2)),
        0.5 * (math.cos(tilt / 2) - math.sin(tilt / 2)),
    )
    mount = Pose((0.1, 0.0, 1.1), (-a, a, -b, b))
    return Camera(
        width=width, height=height, fx=focal, fy=focal, cx=width / 2, cy=height / 2, mount=mount
    )


def camera_axes(camera: Camera, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Origin (3,) of the optical frame in the home, and its axes (3, 3) as columns."""
    turn = rotation_matrix(pose.orientation)
    origin = turn @ np.array(camera.mount.position) + pose.position
    return origin, turn @ rotation_matrix(camera.mount.orientation)


class Viewer:
    """Renders a scene from the camera of a robot. Close it, or use it as a context.

    Args:
        scene: the home.
        camera: with square pixels and the principal point in the middle.

    Raises:
        SimulatorError: the camera is another, or no GL library works here.
    """

    def __init__(self, scene: Scene, camera: Camera) -> None:
        centre = (camera.width / 2, camera.height / 2)
        if camera.fx != camera.fy or (camera.cx, camera.cy) != centre:
            msg = f"got a camera with fx, fy, cx, cy = {camera.fx}, {camera.fy}, {camera.cx}, "
            msg += f"{camera.cy}; the simulator renders square pixels (fx = fy) and the principal "
            msg += f"point in the middle {centre}"
            raise SimulatorError(msg)
        self.scene, self.camera = scene, camera
        self._data = mujoco.MjData(scene.model)
        self._renderer = make_renderer(scene.model, camera.width, camera.height)
        rooms = scene.home.plan.rooms
        self._lamps = np.array(
            [((one.x0 + one.x1) / 2, (one.y0 + one.y1) / 2, HEIGHT - 0.3) for one in rooms]
        )
        self._colours = np.array([one.light for one in scene.home.styles])
        mujoco.mj_forward(scene.model, self._data)

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def view(self, pose: Pose) -> View:
        """Colour and depth from a pose of the robot."""
        self._look(pose)
        image = self._renderer.render()
        self._renderer.enable_depth_rendering()
        depth = self._renderer.render()
        self._renderer.disable_depth_rendering()
        return View(image, np.where(depth < FARTHEST, depth, 0).astype(np.float32))

    def image(self, pose: Pose) -> np.ndarray:
        """Colour alone, (height, width, 3) uint8 RGB."""
        self._look(pose)
        return self._renderer.render()

    def numbers(self, pose: Pose) -> np.ndarray:
        """(height, width) int32: number of the object in each pixel, or as in `scene.py`."""
        self._look(pose)
        self._renderer.enable_segmentation_rendering()
        geoms = self._renderer.render()[..., 0]
        self._renderer.disable_segmentation_rendering()
        return np.where(geoms >= 0, self.scene.numbers[geoms], -1).astype(np.int32)

    def _look(self, pose: Pose) -> None:
        origin, axes = camera_axes(self.camera, pose)
        nearest = np.argsort(np.linalg.norm(self._lamps - origin, axis=1))[:LIGHTS]
        model, data = self.scene.model, self._data
        for light in range(LIGHTS):
            shines = light < len(nearest)
            data.light_xpos[light] = self._lamps[nearest[light]] if shines else (0, 0, 0)
            model.light_diffuse[light] = BRIGHTNESS * self._colours[nearest[light]] if shines else 0
        self._renderer.update_scene(data, mujoco.MjvCamera())
        half = 0.03 * self.camera.height / 2 / self.camera.fy
        for eye in self._renderer.scene.camera:
            eye.pos, eye.forward, eye.up = origin, axes[:, 2], -axes[:, 1]
            eye.frustum_center = 0.0
            eye.frustum_bottom, eye.frustum_top = -half, half
            eye.frustum_width = half * self.camera.width / self.camera.height
            eye.frustum_near, eye.frustum_far = 0.03, 40.0
            eye.orthographic = 0
