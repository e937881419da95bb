# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Positions from depth, and what an observation could have seen."""

import numpy as np
import pytest

from benchmarks.made_scenes import CAMERA, labels, open_memory, pose
from mmser_ros.core.types import Camera, Caption, GroundedPhrase, Region
from mmser_ros.memory.fusion.projection import depth_grid, point_of_region, with_points
from mmser_ros.memory.observation_checks import ObservationError

NO_CAMERA = Camera(width=0, height=0, fx=0.0, fy=0.0, cx=0.0, cy=0.0)
REGION = Region(300, 220, 40, 40)


def picture_of_depth():
    """A wall at 4 m and, in the middle of it, something at 2 m with holes in its depth."""
    depth = np.full((480, 640), 4.0)
    depth[220:260, 300:340] = 2.0
    depth[225:235, 310:320] = np.nan
    depth[236:240, 320:330] = 0.0
    return depth


def test_a_region_lies_at_the_depth_of_its_foreground():
    assert point_of_region(REGION, picture_of_depth(), CAMERA) == pytest.approx((0.0, 0.0, 2.0))
    aside = point_of_region(Region(500, 100, 40, 40), picture_of_depth(), CAMERA)
    assert aside == pytest.approx((200 * 4 / 400, -120 * 4 / 400, 4.0))


def test_no_depth_gives_no_point():
    assert point_of_region(REGION, np.zeros((480, 640)), CAMERA) is None
    assert point_of_region(Region(-90, -90, 10, 10), picture_of_depth(), CAMERA) is None


def test_phrases_get_points_and_keep_those_they_have():
    phrases = (
        GroundedPhrase("a mug", "mug", 0.9, REGION),
        GroundedPhrase("a box", "box", 0.9, REGION, (1.0, 2.0, 3.0)),
        GroundedPhrase("a hat", "hat", 0.9),
    )
    caption = Caption("", "", 0.9, False, "made", 1, phrases)
    points = [one.point for one in with_points(caption, picture_of_depth(), CAMERA).phrases]
    assert points[0] == pytest.approx((0.0, 0.0, 2.0))
    assert points[1:] == [(1.0, 2.0, 3.0), None]


def test_the_grid_keeps_medians_and_marks_the_unknown():
    depth = picture_of_depth()
    depth[:, :40] = np.nan
    grid = depth_grid(depth)
    cells = np.array(grid.centimetres).reshape(grid.rows, grid.columns)
    assert (cells[:, 0] == 0).all()
    assert cells[0, 8] == 400


def test_observing_with_depth_puts_an_object_where_it_is():
    memory = open_memory()
    phrase = GroundedPhrase("a mug", "mug", 0.9, REGION)
    caption = Caption("a mug", "a mug", 0.9, True, "made", 2, (phrase,))
    for i in range(3):
        memory.observe(
            caption, (i + 1) * 10**10, pose(x=0.0, y=0.0), camera=CAMERA, depth=picture_of_depth()
        )
    (match,) = memory.find("mug")
    assert match.position == pytest.approx((2.0, 0.0, 0.0), abs=0.01)


def test_a_camera_on_a_mast_views_from_there():
    memory = open_memory()
    from dataclasses import replace

    mast = replace(CAMERA, mount=replace(CAMERA.mount, position=(0.1, 0.0, 1.2)))
    phrase = GroundedPhrase("a mug", "mug", 0.9, REGION, (0.0, 0.2, 2.0))
    caption = Caption("a mug", "a mug", 0.9, True, "made", 2, (phrase,))
    for i in range(3):
        memory.observe(caption, (i + 1) * 10**10, pose(turn=np.pi / 2), camera=mast)
    assert labels(memory.find("mug")) == ["mug"]
    assert memory.find("mug")[0].position == pytest.approx((0.0, 2.1, 1.0), abs=0.01)


def test_a_camera_that_is_not_calibrated_is_refused():
    caption = Caption("a mug", "", 0.9, False, "made", 1)
    with pytest.raises(ObservationError, match="calibrated camera"):
        open_memory().observe(caption, 1, pose(), camera=NO_CAMERA)
