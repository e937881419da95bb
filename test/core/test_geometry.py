# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.core.geometry import heading, interpolate, is_valid_pose, rotation_matrix
from mmser_ros.core.types import Pose


def turned(x, angle):
    return Pose((x, 0.0, 0.0), (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2)))


def test_a_quaternion_turns_about_its_axis():
    quarter = turned(0.0, math.pi / 2).orientation
    np.testing.assert_allclose(rotation_matrix(quarter) @ (1, 0, 0), (0, 1, 0), atol=1e-12)
    assert heading(quarter) == pytest.approx(math.pi / 2)
    doubled = tuple(2 * one for one in quarter)  # of any length
    np.testing.assert_allclose(rotation_matrix(doubled), rotation_matrix(quarter))


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0, 1), st.booleans())
def test_orientation_takes_the_shorter_arc(start, turn, share, flip):
    end = turned(1.0, start + turn)
    if flip:  # the same rotation
        end = Pose(end.position, tuple(-one for one in end.orientation))
    between = interpolate(turned(0.0, start), end, share)
    expected = turned(share, start + share * turn)
    alike = sum(a * b for a, b in zip(between.orientation, expected.orientation, strict=True))
    assert abs(alike) == pytest.approx(1.0, abs=1e-6)
    assert between.position == pytest.approx(expected.position)
    assert is_valid_pose(between)


def test_of_uncertainties_the_larger_holds():
    a, b = Pose((0.0,) * 3, position_sigma=0.1), Pose((1.0, 0.0, 0.0), heading_sigma=0.2)
    between = interpolate(a, b, 0.5)
    assert (between.position_sigma, between.heading_sigma) == (0.1, 0.2)


@pytest.mark.parametrize(
    "pose",
    [
        Pose((math.nan, 0.0, 0.0)),
        Pose((0.0, math.inf, 0.0)),
        Pose((0.0,) * 3, (0.0, 0.0, 0.0, 0.0)),
        Pose((0.0,) * 3, (0.0, 0.0, 0.0, 2.0)),
        Pose((0.0,) * 3, (0.0, 0.0, 0.0, math.nan)),
    ],
)
def test_poses_that_are_none(pose):
    assert not is_valid_pose(pose)
    assert is_valid_pose(Pose((1.0, 2.0, 3.0), (0.0, 0.0, 1.0, 0.0)))
