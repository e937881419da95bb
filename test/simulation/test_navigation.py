# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.core.geometry import heading
from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.robot import RADIUS, Robot
from mmser_ros.simulation.navigation import (
    FreeSpace,
    NavigationError,
    PathFollower,
    free_space,
    path_length,
    shortest_path,
)
from test.simulation.home.rooms import cube, room_with


def walled(gap):
    """A room of 5 m by 4 m with a wall of cubes from y = 0 up to 4 m minus `gap`."""
    wall = [("box", "paint/red", cube(2.5, y, 0, 0.2)) for y in np.arange(0.1, 4 - gap, 0.2)]
    return room_with(*wall)


def drive(robot, follower):
    """Follow to the end; whether it bumped into something."""
    bumped = False
    for _ in range(5000):
        command = follower.command(robot.pose)
        if command is None:
            return bumped
        robot.step(*command, 0.1)
        bumped = bumped or robot.has_bumped
    pytest.fail(f"500 s later the robot is at {robot.pose}, {len(follower.remaining)} cells away")


def test_cells_and_points():
    space = FreeSpace(np.ones((4, 6)), (2.0, -1.0), 0.5)
    assert space.cell((3.2, -0.3)) == (1, 2)
    assert space.point((1, 2)) == (3.25, -0.25)
    assert space.is_free((3.2, -0.3))
    assert not space.is_free((1.9, 0.0))
    assert not space.is_free((3.0, 1.1))


def test_a_map_keeps_robots_off_what_is_occupied_and_off_its_edge():
    occupied = np.zeros((40, 40), bool)
    occupied[20, 20] = True
    space = FreeSpace.from_occupied(occupied, (0.0, 0.0), 0.05)
    assert not space.is_free((1.03, 1.2))
    assert space.is_free((1.03, 1.32))
    assert not space.is_free((0.1, 1.0))


def test_the_way_round_a_wall_is_found_and_driven_without_a_bump():
    home = walled(gap=0.9)
    space = free_space(home)
    path = shortest_path(space, (1.0, 0.5), (4.0, 0.5))
    assert math.dist(path[-1], (4.0, 0.5)) < 0.01
    assert max(y for _, y in path) > 3.2
    assert 6 < path_length(path) < 8
    robot = Robot(home, 1.0, 0.5)
    assert not drive(robot, PathFollower(space, path, final_heading=-2.0))
    assert robot.pose.position[:2] == pytest.approx((4.0, 0.5), abs=0.06)
    assert heading(robot.pose.orientation) == pytest.approx(-2.0, abs=0.06)


def test_a_path_keeps_to_the_middle_where_there_is_room():
    space = free_space(walled(gap=0.9))
    path = shortest_path(space, (1.0, 3.0), (4.0, 3.0))
    crossing = [space.clearance[space.cell(one)] for one in path if abs(one[0] - 2.5) < 0.1]
    assert len(crossing) >= 4
    assert min(crossing) > 0.9 / 2 - 0.05


def test_a_goal_that_no_way_leads_to_is_refused_with_its_distance():
    space = free_space(walled(gap=0.3))
    with pytest.raises(NavigationError, match=r"goal \(4\.00, 1\.00\).* is 1\.\d\d m away"):
        shortest_path(space, (1.0, 1.0), (4.0, 1.0))
    with pytest.raises(NavigationError, match="no cell of 3x3 is free"):
        shortest_path(FreeSpace(np.zeros((3, 3)), (0.0, 0.0)), (0.0, 0.0), (0.1, 0.1))


def test_a_goal_in_an_obstacle_is_the_free_place_beside_it():
    space = free_space(room_with(("box", "paint/red", cube(3, 2, 0, 0.4))))
    end = shortest_path(space, (1.0, 2.0), (2.9, 2.0))[-1]
    assert space.is_free(end)
    assert math.dist(end, (2.9, 2.0)) < 0.1 + RADIUS + 0.15
    with pytest.raises(NavigationError):
        shortest_path(space, (1.0, 2.0), (2.9, 2.0), tolerance=0.1)


@pytest.mark.parametrize("seed", [0, 4])
def test_it_drives_from_room_to_room_of_a_home(seed):
    home = make_home(seed)
    space = free_space(home)
    robot = Robot(home, 0.0, 0.0)
    robot.place(*space.point(space.nearest_free(home.plan.openings[0].centre())[0]), 0.0)
    for room in range(len(home.plan.rooms)):
        x0, y0, x1, y1 = home.plan.rooms[room].inner()
        goal = (x0 + x1) / 2, (y0 + y1) / 2
        path = shortest_path(space, robot.pose.position[:2], goal, tolerance=2.0)
        assert not drive(robot, PathFollower(space, path))
        assert home.plan.room_at(*robot.pose.position[:2]) == room


@settings(deadline=None, max_examples=40)
@given(
    cells=st.lists(st.tuples(st.integers(8, 51), st.integers(8, 51)), max_size=12),
    goal=st.tuples(st.floats(0.3, 2.7), st.floats(0.3, 2.7)),
)
def test_every_path_is_free_and_without_jumps(cells, goal):
    occupied = np.zeros((60, 60), bool)
    for row, column in cells:
        occupied[row : row + 4, column : column + 4] = True
    occupied[:8, :8] = False
    space = FreeSpace.from_occupied(occupied, (0.0, 0.0), 0.05)
    try:
        path = shortest_path(space, (0.3, 0.3), goal)
    except NavigationError as error:
        assert "m away" in str(error)
        return
    assert all(map(space.is_free, path))
    assert all(math.dist(a, b) < 0.12 for a, b in pairwise(path))
    assert math.dist(path[-1], goal) <= 1.0
