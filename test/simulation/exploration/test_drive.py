# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The exploration that `mmser evaluate house` scores, by rays in place of rendered images."""

import math
from itertools import pairwise

import numpy as np
import pytest

from mmser_ros.core.geometry import heading
from mmser_ros.simulation.exploration.drive import LOOK_AFTER, TURN_AFTER, Exploration
from mmser_ros.simulation.exploration.explorers import Goal
from mmser_ros.simulation.home.ground_truth import cast_rays
from mmser_ros.simulation.home.robot import Robot
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.home.views import View, default_camera
from test.simulation.home.rooms import cube, room_with


class Rays:
    """A simulator that sees depth alone."""

    def __init__(self):
        home = room_with(("box", "paint/red", cube(2.5, 2.0, 0, 0.6)))
        self.scene, self.robot = build_scene(home), Robot(home, 1.0, 1.0)
        self.camera = default_camera(40, 30)

    def view(self):
        _, depth = cast_rays(self.scene, self.camera, self.robot.pose)
        return View(np.zeros((30, 40, 3), np.uint8), depth)

    def ground_truth(self):
        return None


class Wishes:
    """An explorer that wants the same places in each round."""

    def __init__(self, goals):
        self.goals, self.left, self.rounds = goals, iter(goals), 1

    def choose(self, known, pose):
        return next(self.left, None)

    def restart(self):
        self.left, self.rounds = iter(self.goals), self.rounds + 1


def explore(*goals, looks, distance=math.inf):
    explorer = Wishes(goals)
    exploration = Exploration(Rays(), lambda robot: robot.pose, distance=distance, looks=looks)
    return list(exploration.run(explorer)), explorer.rounds


def change(a, b):
    """Metres and radians between two looks."""
    turn = heading(b.pose.orientation) - heading(a.pose.orientation)
    return math.dist(a.pose.position, b.pose.position), abs(math.remainder(turn, math.tau))


def test_it_looks_around_and_on_its_way_round_by_round():
    looks, rounds = explore(Goal((1.0, 3.0)), looks=40)
    assert len(looks) == 40
    assert rounds > 3
    assert all(one.pose.position[:2] == pytest.approx((1.0, 1.0)) for one in looks[:11])
    for a, b in pairwise(looks[:15]):
        metres, radians = change(a, b)
        assert b.stamp_ns > a.stamp_ns
        assert metres < LOOK_AFTER + 0.06
        assert metres >= LOOK_AFTER or radians >= TURN_AFTER
    looks, _ = explore(Goal((1.0, 3.0)), looks=40, distance=1.0)
    assert looks[-1].driven < 1.1


def test_it_looks_where_the_explorer_wants_it():
    looks, _ = explore(Goal((1.5, 2.5), heading=-2.0), Goal((1.0, 1.0)), looks=24)
    wanted = [one for one in looks if abs(heading(one.pose.orientation) + 2.0) < 0.06]
    assert any(one.pose.position[:2] == pytest.approx((1.5, 2.5), abs=0.06) for one in wanted)
