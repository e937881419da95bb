# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a caption needs, found by its stamp: parameter by parameter."""

import math
import sys
import time
from itertools import count
from time import monotonic

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from mmser_ros.core.geometry import rotation_matrix
from mmser_ros.core.types import SECOND
from mmser_ros.nodes.common.parameters import declare
from mmser_ros.nodes.common.plausible_stamps import stamp_check
from mmser_ros.nodes.common.pose_buffer import PoseError
from mmser_ros.nodes.common.scene_conversions import stamp_of
from mmser_ros.nodes.memory.inputs import MemoryInputs, camera_mount
from mmser_ros.nodes.memory.statistics import MemoryStatistics
from mmser_ros.nodes.memory.tuning_parameters import MEMORY_PARAMETERS
from test.nodes.conftest import wait_until
from test.nodes.memory.test_depth_buffer import depth_image
from test.nodes.memory.test_pose_sources import StandIn, stamped


class Bench:
    """Inputs in a node of their own, and publishers to them."""

    numbers = count()

    def __init__(self, **parameters):
        given = {"pose_source": "odom", "qos_reliability": "reliable", **parameters}
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        namespace = f"/bench{next(self.numbers)}"
        self.node = Node("inputs", namespace=namespace, parameter_overrides=overrides)
        declare(self.node, MEMORY_PARAMETERS)
        self.statistics = MemoryStatistics()
        self.inputs = MemoryInputs(self.node, self.statistics, stamp_check(self.node))
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)

    def tell(self, topic, *messages):
        """Publish, and hear it."""
        publisher = self.node.create_publisher(type(messages[0]), topic, 10)
        self.spin(lambda: publisher.get_subscription_count() == 1)
        heard = []
        echo = self.node.create_subscription(type(messages[0]), topic, heard.append, 10)
        self.spin(lambda: publisher.get_subscription_count() == 2)
        for message in messages:
            publisher.publish(message)
        self.spin(lambda: len(heard) == len(messages))
        self.executor.spin_once(timeout_sec=0.05)  # the other subscription, if it comes second
        self.node.destroy_subscription(echo)
        self.node.destroy_publisher(publisher)

    def spin(self, condition):
        wait_until(lambda: self.executor.spin_once(timeout_sec=0.01) or condition(), "DDS", pause=0)

    def at(self, seconds, patience=0.0, frame="eye"):
        header = Header(stamp=stamp_of(round(seconds * SECOND)), frame_id=frame)
        return self.inputs.at(header, monotonic() + patience, lambda: False)

    def close(self):
        self.inputs.close()
        self.executor.shutdown()
        self.node.destroy_node()


@pytest.fixture
def bench():
    benches = []

    def make(**parameters):
        benches.append(Bench(**parameters))
        return benches[-1]

    yield make
    for one in benches:
        one.close()


def info(width=3, height=2):
    message = CameraInfo(width=width, height=height)
    message.k = [100.0, 0.0, 1.5, 0.0, 100.0, 1.0, 0.0, 0.0, 1.0]
    return message


def depth(seconds, pixels=None):
    pixels = np.full((2, 3), 1.5, "<f4") if pixels is None else pixels
    return depth_image("32FC1", pixels, stamp=divmod(round(seconds * SECOND), SECOND))


@pytest.mark.parametrize(("source", "kind"), [("odom", Odometry), ("pose", PoseStamped)])
def test_pose_source_and_map_frame(bench, source, kind):
    one = bench(pose_source=source, map_frame="house")
    one.tell(source, stamped(kind, 1, 3.0, frame="house"), stamped(kind, 2, 9.0))
    sensors = one.at(1.0)
    assert sensors.pose.position[0] == 3.0
    assert (sensors.camera, sensors.depth) == (None, None)
    assert one.statistics.snapshot().refused == {"pose_frame": 1}
    assert one.inputs.explain().startswith(f"{one.node.get_namespace()}/{source}: ")


def test_sigmas(bench):
    one = bench(position_sigma=0.5, heading_sigma=0.25)
    one.tell("odom", stamped(Odometry, 1, 3.0))
    pose = one.at(1.0).pose
    assert (pose.position_sigma, pose.heading_sigma) == (0.5, 0.25)


def test_gap_and_buffer(bench):
    messages = [stamped(Odometry, seconds, seconds) for seconds in (1, 2, 4)]
    wide = bench(pose_gap=2.5, pose_buffer=10.0)
    wide.tell("odom", *messages)
    assert wide.at(3.0).pose.position[0] == 3.0
    narrow = bench(pose_gap=1.5, pose_buffer=2.5)
    narrow.tell("odom", *messages)
    for seconds, reason in ((3.0, "pose_gap"), (1.0, "pose_old")):
        with pytest.raises(PoseError) as caught:
            narrow.at(seconds)
        assert caught.value.reason == reason


def test_a_pose_of_no_clock_is_refused_and_makes_no_other_old(bench):
    one = bench(pose_gap=1.5)
    ahead = int(time.time()) + 86400
    one.tell("odom", *(stamped(Odometry, at, at) for at in (1, 0, ahead, 2)))
    assert one.at(1.5).pose.position[0] == 1.5
    assert one.statistics.snapshot().refused == {"pose_stamp_zero": 1, "pose_stamp_ahead": 1}


def test_after_a_jump_of_the_clock_it_begins_anew(bench):
    one = bench()
    one.tell("odom", stamped(Odometry, 1, 3.0))
    one.inputs.reset()
    with pytest.raises(PoseError, match="no pose was heard"):
        one.at(1.0)


@pytest.mark.parametrize("reliability", ["best_effort", "reliable"])
@pytest.mark.parametrize("topic", ["odom", "depth", "camera_info"])
def test_quality_of_service(bench, reliability, topic):
    node = bench(qos_reliability=reliability, use_depth=True).node
    found = []
    wait_until(
        lambda: (
            found.extend(node.get_subscriptions_info_by_topic(node.resolve_topic_name(topic)))
            or found
        ),
        topic,
    )
    assert {one.qos_profile.reliability.name.lower() for one in found} == {reliability}


def test_a_camera_and_where_it_is(bench):
    one = bench(camera_x=0.2, camera_y=-0.1, camera_z=0.5, camera_yaw=math.pi / 2)
    one.tell("odom", stamped(Odometry, 1, 3.0))
    one.tell("camera_info", info())
    camera = one.at(1.0).camera
    assert (camera.width, camera.height, camera.fx, camera.cx) == (3, 2, 100.0, 1.5)
    assert camera.mount.position == (0.2, -0.1, 0.5)
    assert rotation_matrix(camera.mount.orientation) @ (0, 0, 1) == pytest.approx(
        (0, 1, 0), abs=1e-9
    )


def test_how_a_camera_is_turned():
    down = rotation_matrix(camera_mount((0.0, 0.0, 0.0), 0.0, math.pi / 2).orientation)
    assert down @ (0, 0, 1) == pytest.approx((0, 0, -1), abs=1e-9)
    assert down @ (1, 0, 0) == pytest.approx((0, -1, 0), abs=1e-9)
    level = rotation_matrix(camera_mount((0.0, 0.0, 0.0), 0.0, 0.0).orientation)
    assert level @ (0, 0, 1) == pytest.approx((1, 0, 0), abs=1e-9)
    assert level @ (0, 1, 0) == pytest.approx((0, 0, -1), abs=1e-9)


def test_with_tf_the_mount_comes_from_there(bench, monkeypatch):
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "tf2_ros", stand_in)
    one = bench(pose_source="tf", base_frame="base")
    one.tell("camera_info", info())
    sensors = one.at(1.0)
    assert (sensors.pose.position[0], sensors.camera.mount.position[0]) == (1.0, 0.3)
    known = one.inputs._poses._buffer.known
    assert one.at(1.0)
    with pytest.raises(PoseError):
        one.at(9.0)
    with pytest.raises(PoseError):
        one.at(1.0)  # the bag began again: what TF knew is forgotten
    assert one.inputs._poses._buffer.known != known


def test_depth_of_the_stamp(bench):
    one = bench(use_depth=True, depth_slop=0.05, pose_gap=5.0)
    one.tell("odom", stamped(Odometry, 1, 3.0), stamped(Odometry, 2, 3.0))
    one.tell("camera_info", info())
    one.tell("depth", depth(1.04), depth(1.9))
    assert one.at(1.0).depth == pytest.approx(np.full((2, 3), 1.5))
    one.node.set_parameters([Parameter("depth_slop", value=0.01)])
    assert one.at(1.0).depth is None
    assert one.statistics.snapshot().refused == {"no_depth": 1}


@pytest.mark.parametrize(
    ("cameras", "pixels", "reason"),
    [
        ([], None, "no_camera_info"),
        ([CameraInfo()], None, "camera_info"),
        ([info(6, 4)], None, "depth_size"),
        ([info()], np.full((2, 3), 1, "<u2"), "depth_bad_step"),
    ],
)
def test_depth_that_is_of_no_use(bench, cameras, pixels, reason):
    one = bench(use_depth=True)
    one.tell("odom", stamped(Odometry, 1, 3.0))
    if cameras:
        one.tell("camera_info", *cameras)
    one.tell("depth", depth(1.0, pixels))
    assert one.at(1.0).depth is None
    assert one.statistics.snapshot().refused == {reason: 1}


def test_by_default_nobody_listens_to_depth(bench):
    assert bench().node.count_subscribers("depth") == 0
