# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rotations and poses; quaternions are (x, y, z, w), as in geometry_msgs."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from mmser_ros.core.types import Pose

NORM_TOLERANCE = 0.01
"""How far from 1 the length of a unit quaternion may be."""
Quaternion = tuple[float, float, float, float]


def rotation_matrix(quaternion: Quaternion) -> np.ndarray:
    """Rotation matrix (3, 3) of a quaternion of any length but 0."""
    return Rotation.from_quat(quaternion).as_matrix()


def heading(quaternion: Quaternion) -> float:
    """Angle about the vertical axis of a quaternion, in radians."""
    matrix = rotation_matrix(quaternion)
    return math.atan2(matrix[1, 0], matrix[0, 0])


def interpolate(a: Pose, b: Pose, share: float) -> Pose:
    """The pose at a share (0 to 1) of the way from `a` to `b`.

    The position is linear, the orientation spherical linear the shorter way round. Of standard
    deviations the larger holds.
    """
    x, y, z = (np.array(a.position) * (1 - share) + np.array(b.position) * share).tolist()
    turn = Slerp([0.0, 1.0], Rotation.from_quat([a.orientation, b.orientation]))(share)
    i, j, k, w = turn.as_quat().tolist()
    return Pose(
        (x, y, z),
        (i, j, k, w),
        position_sigma=max(a.position_sigma, b.position_sigma),
        heading_sigma=max(a.heading_sigma, b.heading_sigma),
    )


def is_valid_pose(pose: Pose) -> bool:
    """Whether all numbers are finite and the quaternion has length 1."""
    numbers = (*pose.position, *pose.orientation)
    unit = abs(math.hypot(*pose.orientation) - 1) < NORM_TOLERANCE
    return all(map(math.isfinite, numbers)) and unit
