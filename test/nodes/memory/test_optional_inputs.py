# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Optional inputs of memory_node: those of no use are as if they were not there."""

import math
import sys
import threading
from contextlib import ExitStack, closing
from time import monotonic

import numpy as np
import pytest
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo

from test.nodes.common.test_compressed_depth import packed
from test.nodes.conftest import PATIENCE
from test.nodes.memory.test_inputs import Bench, depth, info
from test.nodes.memory.test_pose_sources import StandIn, stamped


@pytest.fixture
def bench():
    with ExitStack() as benches:
        yield lambda **parameters: benches.enter_context(closing(Bench(**parameters)))


def test_a_frame_that_tf_does_not_know_is_no_worse_than_no_camera(bench, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "tf2_ros", StandIn())
    one = bench(pose_source="tf", base_frame="base", camera_z=0.5)
    one.tell("camera_info", info())
    begin = monotonic()
    for _ in range(2):
        sensors = one.at(1.0, patience=PATIENCE, frame="ear")
        assert (sensors.pose.position[0], sensors.camera.fx) == (1.0, 100.0)
        assert sensors.camera.mount.position == (0.0, 0.0, 0.5)
    assert monotonic() - begin < PATIENCE  # nobody waited for it
    now = one.statistics.snapshot()
    assert now.refused == {"camera_frame": 2}
    assert "TF has no base → ear" in now.last_refusal
    assert capfd.readouterr().err.count("camera_frame: TF has no base → ear") == 1


def test_a_mount_that_comes_late_is_waited_for(bench, monkeypatch):
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "tf2_ros", stand_in)
    one = bench(pose_source="tf", base_frame="base")
    one.tell("camera_info", info())
    mounts = one.inputs._poses._buffer.known["base", "eye"]
    coming = threading.Timer(0.1, mounts.update, ({2: 0.4},))
    coming.start()
    assert one.at(2.0, patience=PATIENCE).camera.mount.position[0] == 0.4
    coming.join()
    assert one.statistics.snapshot().refused == {}


NAN = math.nan


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"width": 0},
        {"height": 0},
        {"k": [0.0] * 9},
        {"k": [NAN] * 9},
        {"k": [100.0, 0.0, NAN, 0.0, 100.0, 1.0, 0.0, 0.0, 1.0]},
        {"k": [100.0, 0.0, 1.5, 0.0, NAN, 1.0, 0.0, 0.0, 1.0]},
        {"k": [math.inf, 0.0, 1.5, 0.0, 100.0, 1.0, 0.0, 0.0, 1.0]},
        {"k": [-100.0, 0.0, 1.5, 0.0, 100.0, 1.0, 0.0, 0.0, 1.0]},
        {"k": [1e-9, 0.0, 1.5, 0.0, 1e-9, 1.0, 0.0, 0.0, 1.0]},
        {"width": 2**32 - 1},
    ],
)
def test_a_camera_info_of_no_use_is_no_worse_than_none(bench, capfd, fields):
    one = bench()
    one.tell("odom", stamped(Odometry, 1, 3.0))
    message = info() if fields else CameraInfo()
    for name, value in fields.items():
        setattr(message, name, value)
    one.tell("camera_info", message)
    for _ in range(2):
        sensors = one.at(1.0)
        assert (sensors.pose.position[0], sensors.camera) == (3.0, None)
    now = one.statistics.snapshot()
    assert now.refused == {"camera_info": 2}
    assert "it is ignored" in now.last_refusal
    assert capfd.readouterr().err.count("camera_info: camera_info of") == 1
    one.tell("camera_info", info())
    assert one.at(1.0).camera.fx == 100.0


def test_of_two_matrices_the_one_that_can_be_counts(bench):
    one = bench()
    one.tell("odom", stamped(Odometry, 1, 3.0))
    message = info()
    message.p = [NAN] * 12
    one.tell("camera_info", message)
    assert one.at(1.0).camera.fx == 100.0
    message.p = [90.0, 0.0, 1.4, 0.0, 0.0, 90.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    one.tell("camera_info", message)
    assert one.at(1.0).camera.fx == 90.0


def test_depth_that_has_stopped_is_not_waited_for(bench):
    one = bench(use_depth=True, pose_gap=10.0)
    one.tell("odom", stamped(Odometry, 1, 3.0), stamped(Odometry, 9, 3.0))
    one.tell("camera_info", info())
    one.tell("depth", depth(1.0))
    begin = monotonic()
    assert one.at(8.0, patience=6.0).depth is None
    assert monotonic() - begin < 6.0
    now = one.statistics.snapshot()
    assert now.refused == {"no_depth": 1}
    assert f"{one.node.get_namespace()}/depth: " in now.last_refusal


def test_depth_that_was_compressed(bench):
    one = bench(use_depth=True, depth_transport="compressedDepth")
    one.tell("odom", stamped(Odometry, 1, 3.0))
    one.tell("camera_info", info())
    message = packed(np.full((2, 3), 1500, np.uint16))
    message.header.stamp.sec = 1
    one.tell("depth/compressedDepth", message)
    assert one.at(1.0).depth == pytest.approx(np.full((2, 3), 1.5))
