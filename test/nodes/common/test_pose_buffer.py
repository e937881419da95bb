# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math
import threading
from time import monotonic

import pytest

from mmser_ros.core.types import SECOND, Pose
from mmser_ros.nodes.common.pose_buffer import PoseBuffer, PoseError, wait_for_pose


def turned(x, angle):
    return Pose((x, 0.0, 0.0), (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2)))


def buffer(*seconds, length=30.0, gap=1.0):
    """A robot that drives one metre a second."""
    poses = PoseBuffer("/odom", length, gap)
    for one in seconds:
        poses.add(round(one * SECOND), turned(one, 0.0))
    return poses


def reason(poses, seconds):
    with pytest.raises(PoseError) as caught:
        poses.at(round(seconds * SECOND))
    return caught.value.reason, caught.value.may_come


@pytest.mark.parametrize("seconds", [1.0, 1.25, 1.999999999, 2.0])
def test_the_pose_is_that_of_the_stamp(seconds):
    assert buffer(1.0, 2.0).at(round(seconds * SECOND)).position[0] == pytest.approx(seconds)


def test_it_is_never_the_latest_one():
    assert reason(buffer(1.0, 2.0), 2.000000001) == ("pose_late", True)


def test_why_there_is_none():
    assert reason(buffer(), 1.0) == ("no_pose", True)
    assert reason(buffer(1.0, 2.0), 0.9) == ("pose_old", False)
    assert reason(buffer(1.0, 2.5), 2.0) == ("pose_gap", False)
    assert reason(buffer(1.0, 2.0, 12.5, length=10.0), 2.0) == ("pose_old", False)


def test_a_time_line_that_begins_again():
    poses = buffer(100.0, 101.0, 5.0)
    assert poses.at(5 * SECOND).position[0] == 5.0
    assert reason(poses, 100.5) == ("pose_late", True)


def test_what_is_out_of_order_is_dropped():
    assert buffer(1.0, 2.0, 1.5, 2.0).at(3 * SECOND // 2).position[0] == 1.5
    assert reason(buffer(1.0, 3.0, 2.1, 3.9), 2.0) == ("pose_gap", False)


def test_waiting_for_a_pose_that_comes():
    poses = buffer(1.0)
    coming = threading.Timer(0.05, poses.add, (2 * SECOND, turned(2.0, 0.0)))
    coming.start()
    start = monotonic()
    assert wait_for_pose(poses, 3 * SECOND // 2, start + 30.0).position[0] == 1.5
    assert monotonic() - start < 10.0
    coming.join()


def test_waiting_ends():
    with pytest.raises(PoseError, match=r"newest pose on /odom is 4\.00 s older"):
        wait_for_pose(buffer(1.0), 5 * SECOND, monotonic() + 0.05)
    start = monotonic()
    with pytest.raises(PoseError, match="pose_buffer"):  # waiting can't help
        wait_for_pose(buffer(1.0), SECOND // 2, start + 30.0)
    with pytest.raises(PoseError):
        wait_for_pose(buffer(1.0), 5 * SECOND, start + 30.0, stopped=lambda: True)
    assert monotonic() - start < 10.0


def test_reset():
    poses = buffer(1.0, 2.0)
    poses.reset()
    assert reason(poses, 1.5) == ("no_pose", True)
