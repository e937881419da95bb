# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A map of free and occupied cells that a robot makes of its depth images."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import distance_transform_edt

from mmser_ros.core.types import Camera, Pose
from mmser_ros.simulation.home.robot import RADIUS
from mmser_ros.simulation.home.room_space import HEADROOM
from mmser_ros.simulation.home.views import camera_axes
from mmser_ros.simulation.navigation import FreeSpace, Point

CELL = 0.1
"""Metres."""
REACH = 2.5
"""Metres up to which depth is used: what is farther was not looked at."""
LOWEST = 0.08
"""Metres above the floor from which a surface is an obstacle."""
FOOTPRINT = RADIUS
"""Metres around the robot that are free, as it stands there."""
COLUMNS = 80
"""Rays of an image that are used, evenly spread."""
HIT, PASS, LIMIT = 2, -1, 8
"""Change of a cell's evidence by a surface in it and by a ray through it, and its limit."""


class OccupancyMap:
    """Cells that are free, occupied or unknown, around the start of a robot.

    Args:
        centre: of the map, in metres.
        half: half of its width, in metres.

    Attributes:
        origin: x and y of the corner of cell (0, 0), in metres.
        known: (rows, columns) bool: cells that were seen.
    """

    def __init__(self, centre: Point, half: float = 14.0) -> None:
        count = math.ceil(2 * half / CELL)
        self.origin: Point = (centre[0] - half, centre[1] - half)
        self._evidence = np.zeros((count, count), np.int16)
        self.known = np.zeros((count, count), bool)
        self._bumps = np.zeros((count, count), bool)

    @property
    def occupied(self) -> np.ndarray:
        """(rows, columns) bool: cells with an obstacle."""
        return (self._evidence > 0) | self._bumps

    @property
    def free(self) -> np.ndarray:
        """(rows, columns) bool: cells without one."""
        return self.known & ~self.occupied

    def add(self, depth: np.ndarray, camera: Camera, pose: Pose) -> None:
        """Add a depth image.

        Args:
            depth: (height, width) metres along the optical axis; 0 is unknown.
            camera: of the image.
            pose: of the robot.
        """
        origin, axes = camera_axes(camera, pose)
        step = max(1, depth.shape[1] // COLUMNS)
        columns = np.arange(step // 2, depth.shape[1], step)
        rows = np.arange(0, depth.shape[0], 2)
        far = depth[np.ix_(rows, columns)]
        u = (columns + 0.5 - camera.cx) / camera.fx
        v = (rows + 0.5 - camera.cy) / camera.fy
        rays = np.stack(np.broadcast_arrays(u[None, :], v[:, None], 1.0), axis=-1)
        points = origin + (rays * far[..., None]) @ axes.T
        flat = np.hypot(points[..., 0] - origin[0], points[..., 1] - origin[1])
        flat = np.where(far > 0, flat, np.inf)
        is_obstacle = (points[..., 2] > LOWEST) & (points[..., 2] < HEADROOM)
        blocked = np.where(is_obstacle, flat, np.inf)
        nearest = blocked.min(0)
        seen = np.where(np.isfinite(flat), flat, 0).max(0)
        ends = np.minimum(np.minimum(nearest, seen), REACH)
        directions = u[:, None] * axes[:2, 0] + axes[:2, 2]
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        along = np.arange(0, REACH, CELL / 2)
        inside = along[None] < (ends - CELL)[:, None]
        passed = origin[:2] + directions[:, None] * along[None, :, None]
        self._count(passed[inside], PASS)
        hits = np.isfinite(blocked) & (blocked < REACH)
        self._count(points[hits][:, :2], HIT)
        around = np.mgrid[-FOOTPRINT : FOOTPRINT : CELL / 2, -FOOTPRINT : FOOTPRINT : CELL / 2]
        disc = around.reshape(2, -1).T
        disc = disc[np.hypot(*disc.T) < FOOTPRINT]
        self._count(disc + pose.position[:2], -LIMIT)

    def add_obstacle(self, at: Point, heading: float) -> None:
        """Add what stopped a robot that drove ahead: three cells before it."""
        turns = heading + np.array([-0.4, 0.0, 0.4])
        before = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (RADIUS + CELL / 2)
        self._bumps[tuple(self._cells(before + at).T)] = True

    def forget_bumps(self) -> bool:
        """Forget what only stopped the robot, as it may close a narrow way; whether it did."""
        had = bool(self._bumps.any())
        self._bumps[:] = False
        return had

    def free_space(self) -> FreeSpace:
        """Where the robot can stand, as far as it knows: known cells, off the obstacles."""
        clearance = distance_transform_edt(~self.occupied) * CELL - CELL / 2
        return FreeSpace(np.where(self.free, clearance, 0.0), self.origin, CELL)

    def _count(self, points: np.ndarray, evidence: int) -> None:
        numbers = np.unique(np.ravel_multi_index(self._cells(points).T, self.known.shape))
        flat = self._evidence.reshape(-1)
        flat[numbers] = np.clip(flat[numbers] + evidence, -LIMIT, LIMIT)
        self.known.reshape(-1)[numbers] = True

    def _cells(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) rows and columns of points (N, 2), without those off the map."""
        cells = np.floor((points - self.origin) / CELL).astype(int)[:, ::-1]
        return cells[((cells >= 0) & (cells < self.known.shape)).all(1)]
