# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from mmser_ros.core.types import SECOND
from mmser_ros.nodes.simulation.driver import FASTEST, QUICKEST, Driver, DrivingError
from mmser_ros.simulation.exploration.explorers import FrontierExplorer
from mmser_ros.simulation.exploration.pilot import ExplorationPilot
from mmser_ros.simulation.home.robot import Robot, flat_pose
from mmser_ros.simulation.navigation import STILL, free_space
from test.simulation.home.rooms import cube, room_with

HERE = flat_pose(1.0, 1.0, 0.0)


@pytest.fixture(scope="module")
def home():
    return room_with(("box", "paint/red", cube(2.5, 2.0, 0, 0.6)))


@pytest.fixture
def driver(home):
    return Driver(free_space(home))


def test_a_velocity_holds_for_its_time_from_the_step_that_first_obeys_it(driver):
    assert driver.velocity(HERE, SECOND) == STILL
    driver.command(0.3, -0.2, seconds=0.5)
    assert driver.velocity(HERE, 3 * SECOND) == (0.3, -0.2)
    assert driver.velocity(HERE, 3 * SECOND + SECOND // 4) == (0.3, -0.2)
    assert driver.velocity(HERE, 3 * SECOND + SECOND // 2) == STILL


def test_a_velocity_is_cut_and_one_that_is_no_number_is_refused(driver):
    driver.command(-50.0, 50.0, seconds=1.0)
    assert driver.velocity(HERE, 0) == (-FASTEST, QUICKEST)
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(DrivingError, match="expected finite numbers"):
            driver.command(0.0, wrong, seconds=1.0)
    assert driver.velocity(HERE, 1) == (-FASTEST, QUICKEST)


def drive(driver, robot, seconds=60.0):
    moment = SECOND
    while driver.status.startswith(("no goal", "driving")) and moment < seconds * SECOND:
        robot.step(*driver.velocity(robot.pose, moment), 0.05)
        moment += SECOND // 20
    return robot.pose


def test_it_drives_to_a_goal_round_what_is_in_the_way(home, driver):
    robot = Robot(home, 1.0, 2.0)
    driver.go_to(flat_pose(4.0, 2.0, 1.5), tolerance=0.5)
    pose = drive(driver, robot)
    assert driver.status.startswith("reached (")
    assert pose.position == pytest.approx((4.0, 2.0, 0.0), abs=0.06)
    assert driver.plan == []


def test_the_plan_lies_ahead_and_gets_shorter(home, driver):
    robot = Robot(home, 1.0, 2.0)
    driver.go_to(flat_pose(4.0, 2.0, 0.0), tolerance=0.5)
    drive(driver, robot, seconds=3.0)
    before = len(driver.plan)
    assert driver.status == "driving to (4.00, 2.00)"
    drive(driver, robot, seconds=3.0)
    assert 0 < len(driver.plan) < before


@pytest.mark.parametrize("pilot", [None, ExplorationPilot(FrontierExplorer(), HERE.position[:2])])
def test_a_goal_that_can_not_be_reached_is_refused(driver, pilot):
    driver.pilot = pilot
    driver.go_to(flat_pose(2.5, 2.0, 0.0), tolerance=0.1)
    assert driver.velocity(HERE, SECOND) == STILL
    assert driver.status.startswith("refused: no way leads to the goal (2.50, 2.00)")
    assert (driver.velocity(HERE, 2 * SECOND) == STILL) == (pilot is None)


def test_a_velocity_ends_the_way_to_a_goal_but_standing_still_does_not(driver):
    driver.go_to(flat_pose(4.0, 2.0, 0.0), tolerance=0.5)
    driver.velocity(HERE, SECOND)
    driver.command(0.0, 0.0, seconds=0.1)
    assert driver.velocity(HERE, SECOND) == STILL
    assert driver.velocity(HERE, 2 * SECOND) != STILL
    driver.command(0.1, 0.0, seconds=0.1)
    assert driver.velocity(HERE, 2 * SECOND) == (0.1, 0.0)
    assert driver.velocity(HERE, 3 * SECOND) == STILL
    assert driver.status == "cancelled by cmd_vel"
