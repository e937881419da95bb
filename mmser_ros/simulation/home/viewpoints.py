# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where to stand for a good view of a room."""

from __future__ import annotations

import math

import numpy as np

from mmser_ros.core.types import Camera, Pose
from mmser_ros.simulation.home.ground_truth import cast_rays
from mmser_ros.simulation.home.robot import Obstacles, flat_pose
from mmser_ros.simulation.home.scene import Scene

CANDIDATES = 30
TOO_NEAR = 0.8
"""Metres: what is closer fills the image."""
MOSTLY = 0.5
"""Share of the image that something too near may fill."""


def best_view(scene: Scene, room: int, camera: Camera, seed: int = 0) -> Pose | None:
    """A pose in a room from which many of its objects are seen; None if no pose is free."""
    random, obstacles = np.random.default_rng([seed, room]), Obstacles(scene.home)
    coarse = _coarse(camera)
    x0, y0, x1, y1 = scene.home.plan.rooms[room].inner()
    best, most = None, -math.inf
    for _ in range(CANDIDATES):
        at = obstacles.random_free(scene.home, room, random)
        if at is None:
            continue
        aim = random.normal((0.0, 0.0), 0.25) * (x1 - x0, y1 - y0)
        target = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + aim
        pose = flat_pose(*at, math.atan2(target[1] - at[1], target[0] - at[0]))
        numbers, depth = cast_rays(scene, coarse, pose)
        found, cells = np.unique(numbers, return_counts=True)
        found = found[cells > 2]
        seen = [one for one in found if one >= 0 and scene.home.objects[one].room == room]
        near = float((depth < TOO_NEAR).mean())
        score = 2 * len(seen) - 12 * near + 1.5 * float(np.mean(np.minimum(depth, 4)))
        if score > most:
            best, most = pose, score
    return best


def varied_view(
    scene: Scene, room: int, camera: Camera, random: np.random.Generator, tries: int = 6
) -> Pose | None:
    """A random pose in a room whose view is not only a near wall; None if no pose is free.

    A robot sees rooms like this: some views show much, others little.

    Args:
        scene: the home.
        room: its number.
        camera: of the robot.
        random: of the pose.
        tries: number of poses after which any one is taken.
    """
    obstacles, coarse = Obstacles(scene.home), _coarse(camera)
    pose = None
    for _ in range(tries):
        at = obstacles.random_free(scene.home, room, random)
        if at is None:
            break
        pose = flat_pose(*at, float(random.uniform(-math.pi, math.pi)))
        numbers, depth = cast_rays(scene, coarse, pose)
        seen = np.unique(numbers[numbers >= 0])
        if len(seen) > 1 and (depth < TOO_NEAR).mean() < MOSTLY:
            break
    return pose


def _coarse(camera: Camera) -> Camera:
    """The same camera with 40x30 pixels."""
    return Camera(
        width=40, height=30, fx=camera.fx * 40 / camera.width, fy=camera.fy * 30 / camera.height,
        cx=20, cy=15, mount=camera.mount,
    )  # fmt: skip
