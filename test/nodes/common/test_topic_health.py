# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.nodes.common.topic_health import PROFILE, explain_input, loss_cure
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


@pytest.mark.parametrize(
    ("kind", "published", "asked_kind", "asked", "transport"),
    [
        (Image, "eye", CompressedImage, "/graph/eye/compressed", "raw"),
        (CompressedImage, "eye/compressed", Image, "/graph/eye", "compressed"),
    ],
)
def test_the_other_transport(peer, kind, published, asked_kind, asked, transport):
    publisher = peer.node.create_publisher(kind, published, 1)
    wait_until(lambda: peer.node.count_publishers(published) == 1, "the publisher")
    said = explain_input(peer.node, asked, f"sensor_msgs/msg/{asked_kind.__name__}", qos())
    assert said == (
        f"no publisher; sensor_msgs/msg/{kind.__name__} is published on /graph/{published}: "
        f"set image_transport: {transport}"
    )
    peer.node.destroy_publisher(publisher)
    wait_until(lambda: peer.node.count_publishers(published) == 0, "the publisher to go")


@pytest.mark.parametrize(
    ("offered", "asked", "reliable_helps"),
    [
        (qos(RELIABLE), qos(BEST), True),
        (qos(RELIABLE), qos(RELIABLE), False),
        (qos(BEST), qos(BEST), False),
        (None, qos(BEST), False),
    ],
)
def test_the_simplest_cure_of_losses_comes_first(peer, offered, asked, reliable_helps):
    if offered:
        publisher = peer.node.create_publisher(Image, "lossy", offered)
        wait_until(lambda: peer.node.count_publishers("lossy") == 1, "the publisher")
    said = loss_cure(peer.node, "/graph/lossy", asked)
    assert said.startswith("set qos_reliability: reliable, which the camera offers") == (
        reliable_helps
    )
    assert said.endswith(f"{PROFILE}, or take compressed images (image_transport: compressed)")
    assert loss_cure(peer.node, "/graph/lossy/compressed", asked) == PROFILE
    if offered:
        peer.node.destroy_publisher(publisher)
        wait_until(lambda: peer.node.count_publishers("lossy") == 0, "the publisher to go")
