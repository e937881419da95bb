# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node and images that are lost on their way."""

import signal
from types import SimpleNamespace

import pytest
from rclpy.event_handler import QoSSubscriptionEventType

from test.nodes import careless_camera
from test.nodes.conftest import connect, make_image, node_process, values, wait_until
from test.nodes.scripted_caption_node import MODULE


def report_loss(node, count):
    """What the middleware does when it believes to have lost so many images."""
    subscription = next(one for one in node.subscriptions if one.topic.endswith("/image"))
    lost = QoSSubscriptionEventType.RCL_SUBSCRIPTION_MESSAGE_LOST
    handler = next(one for one in subscription.event_handlers if one.event_type == lost)
    handler.callback(SimpleNamespace(total_count=count, total_count_change=count))


@pytest.mark.parametrize(
    ("reported", "counted", "impossible"),
    [(3, 3, 0), (0, 0, 0), (2**31 - 1, 1, 1), (-(2**31), 1, 1), (-1, 1, 1)],
)
def test_what_the_middleware_lost_is_counted(make_node, reported, counted, impossible):
    node = make_node()
    report_loss(node, reported)
    now = node.statistics.snapshot()
    assert (now.lost, now.impossible_losses) == (counted, impossible)


def test_a_camera_whose_large_images_get_lost_stops_nothing(make_peer):
    """Fast DDS says 2147483647 of such a loss: captions and diagnostics go on, signals work."""
    peer = make_peer("/careless")
    with (
        node_process(MODULE, "/careless", image_transport="compressed") as node,
        node_process(careless_camera.MODULE, "/careless"),
    ):
        peer.status(lambda one: "impossible loss reports" in values(one), "the odd report")
        before = len(peer.captions)
        wait_until(lambda: len(peer.captions) > before + 5, "captions after it")
        status = peer.status(lambda one: int(values(one)["lost on the way"]) > 5, "losses")
        assert int(values(status)["lost on the way"]) < 10_000
        node.send_signal(signal.SIGTERM)
        _, printed = node.communicate(timeout=60)
    assert node.returncode == 0
    assert "lost images at once; expected 0 to 10000: counted as one" in printed


def test_an_image_of_8k_is_received_or_counted_as_lost(make_peer):
    """100 MB, three times what the shared memory holds."""
    peer = make_peer("/huge")
    with node_process(MODULE, "/huge"):
        publisher = connect(peer)
        image = make_image(size=(4320, 7680))

        def counted():
            publisher.publish(image)
            found = values(peer.statuses[-1])
            return int(found["captioned"]) + int(found["lost on the way"]) > 0

        wait_until(counted, "a caption or a loss", pause=1.0)
