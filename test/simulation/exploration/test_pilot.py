# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from mmser_ros.core.types import SECOND
from mmser_ros.simulation.exploration.explorers import FrontierExplorer, Goal
from mmser_ros.simulation.exploration.pilot import BACK, ExplorationPilot
from mmser_ros.simulation.home.ground_truth import cast_rays
from mmser_ros.simulation.home.robot import Robot
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.home.views import default_camera
from test.simulation.home.rooms import cube, room_with

CAMERA = default_camera(80, 60)


class Walk:
    """A robot in a room with a box in the middle, driven by a pilot."""

    def __init__(self, explorer):
        home = room_with(("box", "paint/red", cube(2.5, 2.0, 0, 0.6)))
        self.scene, self.robot = build_scene(home), Robot(home, 1.0, 1.0)
        self.pilot = ExplorationPilot(explorer, (1.0, 1.0))
        self.moment, self.commands = SECOND, []

    def run(self, seconds):
        """Drive; whether the pilot had something to do all the time."""
        for tick in range(round(seconds * 10)):
            if tick % 3 == 0:
                _, depth = cast_rays(self.scene, CAMERA, self.robot.pose)
                self.pilot.see(depth, CAMERA, self.robot.pose)
            command = self.pilot.command(self.robot.pose, self.moment)
            if command is None:
                return False
            self.robot.step(*command, 0.1)
            self.moment += SECOND // 10
            self.commands.append(command)
            if self.robot.has_bumped:
                self.pilot.bumped(self.robot.pose, self.moment)
        return True


class Wish:
    """An explorer that wants one place, once."""

    def __init__(self, goal):
        self.goals = [goal]

    def choose(self, known, pose):
        return self.goals.pop() if self.goals else None


def test_it_turns_around_then_explores_the_whole_room():
    walk = Walk(FrontierExplorer())
    assert not walk.run(200)
    first = next(one for one in walk.commands if one.linear > 0)
    assert sum(one.angular for one in walk.commands[: walk.commands.index(first)]) > 10 * math.tau
    known = walk.pilot._map
    for x, y in ((0.5, 3.5), (4.5, 0.5), (4.5, 3.5), (2.5, 3.4)):
        assert known.free[known.free_space().cell((x, y))], (x, y)


def test_it_reaches_what_the_explorer_wants_and_looks_that_way():
    walk = Walk(Wish(Goal((1.5, 2.5), heading=1.0)))
    assert not walk.run(60)
    assert walk.robot.pose.position[:2] == pytest.approx((1.5, 2.5), abs=0.15)


def test_after_a_bump_it_backs_off_once_and_goes_on():
    walk = Walk(FrontierExplorer())
    walk.run(6)
    walk.pilot.bumped(walk.robot.pose, walk.moment)
    assert walk.pilot.command(walk.robot.pose, walk.moment) == BACK
    later = walk.moment + SECOND
    assert walk.pilot.command(walk.robot.pose, later) not in (BACK, None)


def test_who_was_interrupted_chooses_anew():
    walk = Walk(Wish(Goal((1.5, 2.5), heading=1.0)))
    walk.run(6)
    walk.pilot.interrupt()
    assert walk.pilot.command(walk.robot.pose, walk.moment) is None
