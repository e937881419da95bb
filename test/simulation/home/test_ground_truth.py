# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth of hand-made rooms, by rays: no GL library is needed."""

import json

import numpy as np
import pytest

from mmser_ros.core.types import Camera, Pose
from mmser_ros.simulation.home.floor_plan import WALL
from mmser_ros.simulation.home.ground_truth import GroundTruth, Truth, cast_rays
from mmser_ros.simulation.home.relations import home_relations
from mmser_ros.simulation.home.robot import flat_pose
from mmser_ros.simulation.home.scene import FLOOR, WALLS, build_scene
from mmser_ros.simulation.home.views import default_camera
from test.simulation.home.rooms import cube, room_with

AHEAD = Camera(
    width=160, height=120, fx=120.0, fy=120.0, cx=80.0, cy=60.0,
    mount=Pose((0.0, 0.0, 1.0), (-0.5, 0.5, -0.5, 0.5)),
)  # fmt: skip
"""1 m above the floor; it looks along the robot's x axis."""


def look(home, pose):
    numbers, depth = cast_rays(build_scene(home), AHEAD, pose)
    return Truth(home).of(AHEAD, pose, numbers), numbers, depth


def relations(home):
    names = [one.name for one in home.objects]
    return {(names[a], predicate, names[b]) for a, predicate, b in home_relations(home)}


def test_depth_is_the_distance_along_the_optical_axis():
    home = room_with(("box", "paint/red", cube(4.0, 2.0, 0.75, 0.5)))
    _, numbers, depth = look(home, flat_pose(1.0, 2.0, 0.0))
    assert depth[numbers == 0] == pytest.approx(2.75, abs=1e-4)
    wall = depth[20, 40]
    assert wall == pytest.approx(5 - WALL - 1, abs=1e-4)
    assert numbers[20, 40] == WALLS
    assert numbers[-1, 80] == FLOOR
    assert depth[-1, 80] == pytest.approx(1.0 / (59.5 / 120), abs=1e-3)


def test_a_region_is_the_projection_of_the_object():
    home = room_with(("box", "paint/red", cube(4.0, 2.0, 0.75, 0.5)))
    truth, *_ = look(home, flat_pose(1.0, 2.0, 0.0))
    (one,) = truth.objects
    half = 120 * 0.25 / 2.75
    assert one.region.x == pytest.approx(80 - half, abs=1)
    assert one.region.width == pytest.approx(2 * half, abs=1.5)
    assert one.region.height == pytest.approx(2 * half, abs=1.5)
    assert (one.name, one.colour, one.hidden) == ("box", "red", 0)
    assert one.depth == pytest.approx(3.0)
    assert truth.room == "kitchen"


def test_hidden_is_the_share_that_something_else_covers():
    front = ("box", "paint/red", cube(2.5, 2.25, 0.75, 0.5))
    back = ("box", "paint/blue", cube(4.0, 2.0, 0.75, 0.5))
    covered, *_ = look(room_with(front, back), flat_pose(1.0, 2.0, 0.0))
    by_colour = {one.colour: one for one in covered.objects}
    assert by_colour["red"].hidden == 0
    assert by_colour["blue"].hidden == pytest.approx(0.5, abs=0.06)
    assert by_colour["blue"].region.x > 79


def test_what_is_hidden_or_behind_the_camera_is_not_visible():
    home = room_with(
        ("box", "paint/red", cube(2.0, 2.0, 0.5, 1.0)),
        ("box", "paint/blue", cube(4.0, 2.0, 0.75, 0.3)),
        ("box", "paint/green", cube(0.4, 2.0, 0.75, 0.3)),
    )
    truth, *_ = look(home, flat_pose(1.0, 2.0, 0.0))
    assert [one.colour for one in truth.objects] == ["red"]


def test_on_in_and_under():
    table = room_with(("table", "wood/brown", (3.0, 2.0, 0.0), 0.0)).objects[0]
    home = room_with(
        ("table", "wood/brown", (3.0, 2.0, 0.0), 0.0),
        ("mug", "ceramic/red", (3.0, 2.1, float(table.high[2])), 0.0),
        ("ball", "plastic/blue", (3.0, 2.0, 0.0), 0.0),
        ("basket", "wicker/tan", (1.0, 1.0, 0.0), 0.0),
        ("teddy bear", "fabric/brown", (1.0, 1.0, 0.05), 0.0),
        ("picture", "wood/brown", (1.0, 3.9, 1.4), 0.0),
    )
    assert relations(home) == {
        ("mug", "on", "table"),
        ("ball", "under", "table"),
        ("teddy bear", "in", "basket"),
    }


def test_next_to_ends_with_the_distance_and_at_walls_of_rooms():
    near = room_with(
        ("box", "paint/red", cube(1, 1, 0, 0.4)), ("ball", "paint/red", cube(1.7, 1, 0, 0.4))
    )
    far = room_with(
        ("box", "paint/red", cube(1, 1, 0, 0.4)), ("ball", "paint/red", cube(2.2, 1, 0, 0.4))
    )
    assert relations(near) == {("box", "next to", "ball"), ("ball", "next to", "box")}
    assert relations(far) == set()


def test_left_of_and_behind_are_as_the_camera_sees_them():
    home = room_with(
        ("box", "paint/red", cube(3.0, 2.0, 0, 0.5)),
        ("ball", "paint/blue", cube(3.0, 2.8, 0, 0.5)),
        ("cabinet", "paint/green", cube(3.8, 2.0, 0, 0.9)),
    )
    seen, *_ = look(home, flat_pose(0.6, 2.0, 0.0))
    names = [one.name for one in home.objects]
    by_view = {(names[a], p, names[b]) for a, p, b in seen.relations if p in {"left of", "behind"}}
    assert by_view == {("ball", "left of", "box"), ("cabinet", "behind", "box")}


def test_ground_truth_is_json():
    home = room_with(("box", "paint/red", cube(4.0, 2.0, 0.75, 0.5)))
    truth, *_ = look(home, flat_pose(1.0, 2.0, 0.0))
    record = json.loads(json.dumps(truth.as_dict()))
    assert record["room"] == "kitchen"
    assert record["objects"][0]["name"] == "box"
    assert GroundTruth.from_dict(record | {"stamp": 1}) == truth


def test_the_default_camera_looks_ahead_and_a_little_down():
    camera = default_camera()
    home = room_with()
    numbers, depth = cast_rays(build_scene(home), camera, flat_pose(1.0, 2.0, 0.0))
    assert numbers[0, 160] == WALLS
    row = np.flatnonzero(numbers[:, 160] == FLOOR)[-1]
    angle = np.deg2rad(10) + np.arctan((row + 0.5 - camera.cy) / camera.fy)
    assert depth[row, 160] == pytest.approx(
        1.1 / np.sin(angle) * np.cos(angle - np.deg2rad(10)), rel=1e-3
    )
