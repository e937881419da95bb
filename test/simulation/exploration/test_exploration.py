# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Maps, frontiers and explorers, by rays: no GL library is needed."""

import math

import numpy as np
import pytest

from mmser_ros.core.types import Pose
from mmser_ros.simulation.exploration.explorers import ActiveExplorer, FrontierExplorer, LookWish
from mmser_ros.simulation.exploration.frontiers import find_frontiers
from mmser_ros.simulation.exploration.occupancy import REACH, OccupancyMap
from mmser_ros.simulation.home.ground_truth import cast_rays
from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.robot import Obstacles, flat_pose
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.home.views import default_camera
from test.simulation.home.rooms import cube, room_with

CAMERA = default_camera(160, 120)
HERE = (2.5, 2.0)


def box_room():
    return room_with(("box", "paper/tan", cube(4.0, 2.0, 0.0, 0.6, "paper/tan")))


def seen_from(home, *poses):
    known, scene = OccupancyMap(poses[0].position[:2], 8.0), build_scene(home)
    for pose in poses:
        known.add(cast_rays(scene, CAMERA, pose)[1], CAMERA, pose)
    return known


def around(x, y, count=9):
    return [flat_pose(x, y, turn * math.tau / count) for turn in range(count)]


def at(known, grid, x, y):
    return bool(grid[known.free_space().cell((x, y))])


def test_what_the_camera_sees_is_free_up_to_the_obstacle():
    known = seen_from(box_room(), flat_pose(*HERE, 0.0))
    assert at(known, known.free, *HERE)
    assert at(known, known.free, 3.4, 2.0)
    assert at(known, known.occupied, 3.7, 2.0)
    assert not at(known, known.known, 4.5, 2.0)
    assert not at(known, known.known, 1.5, 2.0)


def test_what_is_far_is_unknown():
    home = room_with(("box", "paper/tan", cube(0.4, 0.4, 0.0, 0.3, "paper/tan")))
    known = seen_from(home, flat_pose(0.5, 2.0, 0.0))
    assert at(known, known.free, 0.5 + REACH - 0.4, 2.0)
    assert not at(known, known.known, 0.5 + REACH + 0.3, 2.0)


def test_free_space_of_the_map_is_truly_free():
    home = make_home(3)
    obstacles, random = Obstacles(home), np.random.default_rng(0)
    start = obstacles.random_free(home, 1, random)
    known = seen_from(home, *around(*start))
    space = known.free_space()
    cells = np.argwhere(space.clearance > 0.3)
    assert len(cells) > 50
    clear = [obstacles.distance(*space.point((int(row), int(column)))) for row, column in cells]
    assert np.mean([one > 0.2 for one in clear]) > 0.97


def test_what_stopped_the_robot_is_an_obstacle_until_it_is_forgotten():
    known = seen_from(box_room(), flat_pose(*HERE, 0.0))
    assert not known.forget_bumps()
    known.add_obstacle(HERE, 0.0)
    assert at(known, known.occupied, HERE[0] + 0.25, HERE[1])
    assert known.forget_bumps()
    assert at(known, known.free, HERE[0] + 0.25, HERE[1])
    assert not known.forget_bumps()


def test_frontiers_are_borders_that_can_be_reached():
    known = seen_from(box_room(), flat_pose(*HERE, 0.0))
    space = known.free_space()
    found = find_frontiers(known, space, space.distances(HERE)[0])
    assert found
    for one in found:
        assert space.is_free(one.stand)
        assert math.dist(one.stand, one.middle) < 2.0
        assert one.distance >= math.dist(HERE, one.stand) - 0.15


def known_room():
    """A map without frontiers."""
    return seen_from(box_room(), *around(1.2, 1.2), *around(1.2, 3.0), *around(3.0, 0.8),
                     *around(3.0, 3.2), *around(4.5, 1.0), *around(4.5, 3.2))  # fmt: skip


def test_a_room_that_is_known_has_no_frontiers():
    assert FrontierExplorer().choose(known_room(), flat_pose(1.2, 1.2, 0.0)) is None


def test_the_explorer_takes_each_goal_once_and_ends():
    known = seen_from(box_room(), flat_pose(*HERE, 0.0))
    explorer, pose, goals = FrontierExplorer(), flat_pose(*HERE, 0.0), []
    while (goal := explorer.choose(known, pose)) is not None:
        assert all(math.dist(goal.point, other) > 0.3 for other in goals)
        goals.append(goal.point)
        pose = flat_pose(*goal.point, 0.0)
        assert len(goals) < 50
    assert goals


def test_a_goal_that_is_not_reached_is_tried_three_times():
    known, here = seen_from(box_room(), flat_pose(*HERE, 0.0)), flat_pose(*HERE, 0.0)
    explorer, goals = FrontierExplorer(), []
    while (goal := explorer.choose(known, here)) is not None:
        goals.append(goal.point)
        assert len(goals) < 150
    far = [one for one in goals if math.dist(one, HERE) > 0.5]
    assert far
    assert all(sum(math.dist(one, other) < 0.05 for other in far) <= 3 for one in far)
    assert sum(math.dist(far[0], other) < 0.4 for other in far) >= 3


def test_wishes_are_followed_where_no_frontier_is_left():
    known, here = known_room(), flat_pose(1.2, 1.2, 0.0)
    near = LookWish(Pose((1.8, 1.2, 0.0), (0.0, 0.0, 1.0, 0.0)), 0.3)
    far = LookWish(Pose((4.5, 3.2, 0.0)), 0.3)
    explorer = ActiveExplorer(lambda: [far, near])
    goal = explorer.choose(known, here)
    assert goal.point == pytest.approx((1.8, 1.2), abs=0.1)
    assert abs(goal.heading) == pytest.approx(math.pi, abs=0.01)
    assert explorer.choose(known, here).point == pytest.approx((4.5, 3.2), abs=0.1)
    assert explorer.choose(known, here) is None  # it has looked at both
    little = seen_from(box_room(), here)
    first = ActiveExplorer(lambda: [near]).choose(little, here)
    assert first == FrontierExplorer().choose(little, here)
    assert first.heading is None


def test_another_round_begins_with_all_frontiers():
    known, here = seen_from(box_room(), flat_pose(*HERE, 0.0)), flat_pose(*HERE, 0.0)
    explorer = FrontierExplorer()
    first = explorer.choose(known, here)
    while explorer.choose(known, here) is not None:
        pass
    explorer.restart()
    assert explorer.choose(known, here) == first


def test_a_wish_that_cannot_be_reached_is_left_out():
    outdoors = LookWish(Pose((-3.0, 2.0, 0.0)), 50.0)
    explorer = ActiveExplorer(lambda: [outdoors])
    assert explorer.choose(known_room(), flat_pose(1.2, 1.2, 0.0)) is None
