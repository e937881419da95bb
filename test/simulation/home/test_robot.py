# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from mmser_ros.core.geometry import heading
from mmser_ros.simulation.home.floor_plan import WALL
from mmser_ros.simulation.home.robot import RADIUS, Drift, Robot
from test.simulation.home.rooms import cube, room_with

NO_DRIFT = Drift(distance_scale=0, turn_scale=0, distance=0, turn=0, turn_by_distance=0)


def test_it_drives_straight_and_on_an_arc():
    robot = Robot(room_with(), 1.0, 2.0)
    robot.step(0.5, 0.0, 2.0)
    assert robot.pose.position == pytest.approx((2.0, 2.0, 0.0))
    robot.step(0.5, 0.5, math.pi)  # a quarter turn on a circle of 1 m
    assert robot.pose.position == pytest.approx((3.0, 3.0, 0.0), abs=1e-3)
    assert heading(robot.pose.orientation) == pytest.approx(math.pi / 2)
    assert not robot.has_bumped


def test_it_stops_at_a_wall_turns_there_and_backs_off():
    robot = Robot(room_with(), 1.0, 2.0)
    robot.step(1.0, 0.0, 10.0)
    assert robot.has_bumped
    x = robot.pose.position[0]
    assert 5 - WALL - RADIUS - 0.03 < x < 5 - WALL - RADIUS + 0.01
    robot.step(0.0, 1.0, 1.0)
    assert not robot.has_bumped
    assert heading(robot.pose.orientation) == pytest.approx(1.0)
    robot.step(-0.5, 0.0, 1.0)
    assert robot.pose.position[0] < x - 0.2


@pytest.mark.parametrize(
    ("height", "stops"), [(0.0, True), (0.8, True), (1.6, False)], ids=["floor", "table", "lamp"]
)
def test_it_stops_at_what_is_at_its_height(height, stops):
    robot = Robot(room_with(("box", "paint/red", cube(3, 2, height, 0.4))), 1.0, 2.0)
    robot.step(0.5, 0.0, 5.0)
    assert robot.has_bumped == stops
    assert robot.pose.position[0] == pytest.approx(2.8 - RADIUS if stops else 3.5, abs=0.02)


def test_without_drift_odometry_is_the_pose():
    robot = Robot(room_with(), 1.0, 2.0, drift=NO_DRIFT)
    for _ in range(20):
        robot.step(0.3, 0.4, 0.5)
    assert robot.odometry.position == pytest.approx(robot.pose.position, abs=0.01)
    assert robot.odometry.orientation == pytest.approx(robot.pose.orientation, abs=1e-6)


def test_odometry_drifts_with_the_way_and_a_seed_repeats_it():
    errors = []
    for seed in range(40):
        robot, same = (Robot(room_with(), 2.5, 1.0, seed=seed) for _ in range(2))
        for one in (robot, same):
            for _ in range(50):
                one.step(0.4, 0.4, 0.5)
        assert robot.odometry == same.odometry
        errors.append(math.dist(robot.odometry.position, robot.pose.position))
    assert 0.02 < np.mean(errors) < 0.5
    assert len(set(errors)) == 40


def test_a_blocked_robot_does_not_believe_that_it_moves():
    robot = Robot(room_with(), 4.5, 2.0)
    robot.step(1.0, 0.0, 5.0)
    assert robot.odometry.position[0] == pytest.approx(robot.pose.position[0], abs=0.05)
