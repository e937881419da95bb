# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rendering: skipped where no GL library works."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from mmser_ros.core.types import Pose
from mmser_ros.simulation.home import mujoco_gl
from mmser_ros.simulation.home.ground_truth import Truth, cast_rays
from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.mujoco_gl import SimulatorError, choose_gl
from mmser_ros.simulation.home.robot import flat_pose
from mmser_ros.simulation.home.scene import FLOOR, build_scene
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.simulation.home.viewpoints import best_view
from mmser_ros.simulation.home.views import Viewer, default_camera
from test.simulation.home.rooms import NO_GL, cube, room_with

SMALL = default_camera(160, 120)

needs_gl = pytest.mark.skipif(bool(NO_GL), reason=NO_GL)


@pytest.fixture(scope="module")
def scene():
    return build_scene(make_home(1))


@needs_gl
def test_rendering_and_rays_see_the_same(scene):
    pose = best_view(scene, 1, SMALL)
    numbers, depth = cast_rays(scene, SMALL, pose)
    with Viewer(scene, SMALL) as viewer:
        rendered, view = viewer.numbers(pose), viewer.view(pose)
    same = numbers == rendered
    assert same.mean() > 0.995
    assert np.abs(view.depth - depth)[same].mean() < 0.002
    assert len(np.unique(rendered)) > 6


@needs_gl
def test_an_image_shows_the_home_in_colour(scene):
    pose = best_view(scene, 1, SMALL)
    with Viewer(scene, SMALL) as viewer:
        image = viewer.image(pose)
        assert np.array_equal(image, viewer.image(pose))
    assert image.shape == (120, 160, 3)
    assert image.std() > 20
    assert 60 < image.mean() < 230


@needs_gl
def test_the_red_box_is_where_ground_truth_says_it_is():

    home = room_with(("box", "paint/red", cube(3.0, 2.0, 0.6, 0.5)))
    scene, pose = build_scene(home), flat_pose(1.0, 2.0, 0.0)
    with Viewer(scene, SMALL) as viewer:
        image = viewer.image(pose).astype(int)
        (box,) = Truth(home).of(SMALL, pose, viewer.numbers(pose)).objects
    red = (image[..., 0] > 1.8 * image[..., 1]) & (image[..., 0] > 1.8 * image[..., 2])
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    found = columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]
    assert found == pytest.approx(
        (box.region.x, box.region.y, box.region.width, box.region.height), abs=2
    )


@needs_gl
def test_a_shadow_lies_under_its_object():
    down = replace(SMALL, mount=Pose((0.0, 0.0, 2.3), (1.0, 0.0, 0.0, 0.0)))
    pose, images = flat_pose(2.5, 2.0, 0.0), []
    for objects in ([], [("box", "paint/red", cube(1.2, 1.0, 0.02, 0.6))]):
        with Viewer(build_scene(room_with(*objects)), down) as viewer:
            floor = viewer.numbers(pose) == FLOOR
            images.append(viewer.image(pose).astype(float).mean(-1))
    darker = np.where(floor, images[0] - images[1], 0) > 3
    assert darker[60:, :80].sum() > 20
    assert not darker[:60].any(), "y runs upwards in this image"
    assert not darker[:, 80:].any()


@needs_gl
def test_a_simulator_repeats_a_drive_from_its_seed():
    def drive():
        with Simulator(make_home(1), camera=SMALL, seed=4) as simulator:
            for _ in range(4):
                simulator.robot.step(0.3, 0.5, 0.5)
            return simulator.view(), simulator.ground_truth(), simulator.robot.odometry

    (first, truth, odometry), (second, *others) = drive(), drive()
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.depth, second.depth)
    assert [truth, odometry] == others
    assert truth.room in {"living room", "hallway"}


def test_a_camera_that_can_not_be_rendered_is_refused(scene):
    with pytest.raises(SimulatorError, match="fx = fy"):
        Viewer(scene, replace(SMALL, fx=100.0))


def test_without_a_gl_library_the_error_names_what_to_install(scene, monkeypatch):
    monkeypatch.setattr(mujoco_gl, "_chosen", None)
    with pytest.raises(SimulatorError, match="apt-get install libosmesa6"):
        Viewer(scene, SMALL)


def test_the_gl_library_is_what_is_found(monkeypatch):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    for found, chosen in (({"OSMesa", "EGL"}, "osmesa"), ({"EGL"}, "egl"), (set(), None)):
        monkeypatch.setattr(
            mujoco_gl, "find_library", lambda name, found=found: name in found or None
        )
        assert choose_gl() == chosen
    monkeypatch.setenv("MUJOCO_GL", "egl")
    assert choose_gl() == "egl"


def test_homes_and_rays_need_no_gl_library():
    code = (
        "from mmser_ros.simulation.home.make_home import make_home\n"
        "from mmser_ros.simulation.home.ground_truth import cast_rays\n"
        "from mmser_ros.simulation.home.robot import flat_pose\n"
        "from mmser_ros.simulation.home.scene import build_scene\n"
        "from mmser_ros.simulation.home.views import default_camera\n"
        "scene = build_scene(make_home(1))\n"
        "numbers, _ = cast_rays(scene, default_camera(8, 6), flat_pose(2, 6, 0))\n"
        "print(numbers.shape)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MUJOCO_GL": "off", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout == "(6, 8)\n", ran.stderr
