# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.nodes.input_state import explain_input
from test.nodes.conftest import wait_until

KIND = "sensor_msgs/msg/Image"
BEST, RELIABLE = ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE
VOLATILE, LOCAL = DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL


def qos(reliability=BEST, durability=VOLATILE):
    return QoSProfile(depth=1, reliability=reliability, durability=durability)


@pytest.fixture
def peer(make_peer):
    return make_peer("/graph")


@pytest.mark.parametrize(
    ("offered", "asked", "said"),
    [
        (qos(BEST), qos(BEST), "1 publisher, QoS compatible"),
        (qos(RELIABLE), qos(BEST), "1 publisher, QoS compatible"),
        (qos(BEST), qos(RELIABLE), "it is best_effort, we asked reliable"),
        (qos(RELIABLE), qos(BEST, LOCAL), "it is volatile, we asked transient_local"),
        (qos(RELIABLE, LOCAL), qos(RELIABLE, LOCAL), "1 publisher, QoS compatible"),
    ],
)
def test_quality_of_service(peer, offered, asked, said):
    publisher = peer.node.create_publisher(Image, "image", offered)
    wait_until(lambda: peer.node.count_publishers("image") == 1, "the publisher")
    assert said in explain_input(peer.node, "/graph/image", KIND, asked)
    peer.node.destroy_publisher(publisher)
    wait_until(lambda: peer.node.count_publishers("image") == 0, "the publisher to go")


def test_another_type(peer):
    peer.node.create_publisher(CompressedImage, "pressed", 1)
    wait_until(lambda: peer.node.count_publishers("pressed") == 1, "the publisher")
    said = explain_input(peer.node, "/graph/pressed", KIND, qos())
    assert said == f"1 publisher of sensor_msgs/msg/CompressedImage, we asked for {KIND}"


def test_another_topic(peer):
    assert explain_input(peer.node, "/graph/image", KIND, qos()) == "no publisher"
    peer.node.create_publisher(Image, "color", 1)
    wait_until(lambda: peer.node.count_publishers("color") == 1, "the publisher")
    said = explain_input(peer.node, "/graph/image", KIND, qos())
    assert said == f"no publisher; {KIND} is published on /graph/color"
