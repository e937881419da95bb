# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from itertools import pairwise
from math import dist

import numpy as np
import pytest
from PIL import Image

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import SECOND
from mmser_ros.demo.gallery import find_photographs, walk_past
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.projection import default_camera
from mmser_ros.nodes.replay.trajectories import read_trajectory


@pytest.fixture
def walk(tmp_path):
    for name, shade in (("red.png", 200), ("dark.jpg", 20)):
        Image.fromarray(np.full((50, 60, 3), shade, np.uint8)).save(tmp_path / name)
    (tmp_path / "walk").mkdir()
    return walk_past([tmp_path / "red.png", tmp_path / "dark.jpg"], tmp_path / "walk")


def test_the_photographs_are_there():
    assert len([path for path in find_photographs() if path.is_file()]) == 6


def test_pictures_have_the_size_that_the_memory_supposes(walk):
    pictures = [Image.open(path) for path in sorted(walk.pictures.iterdir())]
    camera = default_camera(MemoryConfig().field_of_view)
    assert {one.size for one in pictures} == {(camera.width, camera.height)}
    assert [one.getpixel((9, 9))[0] for one in pictures] == [200] * 3 + [20] * 3
    assert walk.names == ["red.png"] * 3 + ["dark.jpg"] * 3


def test_every_look_is_a_keyframe_with_a_pose(walk):
    trajectory = read_trajectory(walk.trajectory)
    poses = [trajectory.at(second * SECOND) for second in range(len(walk.names))]
    turns = [heading(one.orientation) for one in poses]
    assert turns == pytest.approx([np.pi / 2] * 3 + [-np.pi / 2] * 3)
    steps = [dist(a.position, b.position) for a, b in pairwise(poses)]
    assert min(steps) > MemoryConfig().keyframe_distance
    assert max(steps) < MemoryConfig().max_path_jump  # else there is no way back
    assert [one.position[1] for one in poses[:3]] == [0.0, 0.3, 0.6]
