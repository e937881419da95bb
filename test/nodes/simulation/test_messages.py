# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import Header

from mmser_ros.core.geometry import heading
from mmser_ros.nodes.common.image_conversions import compressed_to_rgb
from mmser_ros.nodes.common.scene_conversions import camera_from_info
from mmser_ros.nodes.memory.depth_buffer import read_depth
from mmser_ros.nodes.simulation import messages
from mmser_ros.simulation.home.robot import flat_pose
from mmser_ros.simulation.home.views import default_camera
from mmser_ros.simulation.navigation import FreeSpace

HEADER = Header(frame_id="eye")
places = st.tuples(*[st.floats(-20, 20)] * 2, st.floats(-math.pi, math.pi))


@given(places, places)
def test_the_correction_takes_what_odometry_says_to_the_truth(true, believed):
    frame = messages.correction(flat_pose(*true), flat_pose(*believed))
    turn = heading(frame.orientation)
    x = frame.position[0] + math.cos(turn) * believed[0] - math.sin(turn) * believed[1]
    y = frame.position[1] + math.sin(turn) * believed[0] + math.cos(turn) * believed[1]
    assert (x, y) == pytest.approx(true[:2], abs=1e-6)
    assert math.cos(turn + believed[2] - true[2]) == pytest.approx(1.0)


def test_the_memory_reads_the_camera_and_the_depth_as_they_are():
    camera = default_camera()
    assert camera_from_info(messages.camera_info(camera, HEADER), camera.mount) == camera
    depth = np.linspace(0, 9, 12, dtype=np.float32).reshape(3, 4)
    message = messages.depth_image(depth, HEADER)
    assert np.array_equal(read_depth(message), depth)
    assert message.header == HEADER


def test_a_compressed_image_shows_the_same(picture):
    message = messages.compressed_image(picture, HEADER)
    assert np.abs(compressed_to_rgb(message).astype(int) - picture).mean() < 6


def test_a_map_has_rows_along_y():
    clearance = np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    grid = messages.occupancy_grid(FreeSpace(clearance, (-2.0, 3.0), 0.5), HEADER)
    assert (grid.info.width, grid.info.height, grid.info.resolution) == (3, 2, 0.5)
    assert (grid.info.origin.position.x, grid.info.origin.position.y) == (-2.0, 3.0)
    assert list(grid.data) == [100, 0, 0, 0, 0, 100]
