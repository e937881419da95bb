# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node and a camera that shows nothing, over DDS."""

import numpy as np
import pytest
from mmser_ros.srv import CaptionImage

from test.nodes.conftest import (
    connect,
    make_compressed,
    make_image,
    node_process,
    set_parameter,
    values,
    wait_until,
)
from test.nodes.scripted_caption_node import MODULE
from test.nodes.scripted_captioner import feed

ERROR = b"\2"
BLACK = np.zeros((480, 640, 3), np.uint8)


@pytest.mark.parametrize("transport", ["raw", "compressed"])
def test_a_covered_lens_is_said_and_not_captioned(make_peer, transport):
    peer = make_peer(f"/covered_{transport}")
    black, given = make_image(size=(480, 640)), {}
    black.data = BLACK.tobytes()
    if transport == "compressed":
        black = make_compressed(BLACK)
        given = {"kind": type(black), "topic": "image/compressed"}
    parameters = {"qos_reliability": "reliable", "image_transport": transport}
    with node_process(MODULE, peer.node.get_namespace(), **parameters):
        publisher = connect(peer, **given)
        publisher.publish(black)
        status = peer.status(lambda one: "no_view" in one.message, "no view")
        assert status.level == ERROR
        assert "the image is black" in status.message
        counts = values(status)
        assert (counts["dropped.no_view"], counts["captioned"]) == ("1", "0")
        request = CaptionImage.Request()
        answer = peer.call(CaptionImage, "caption_node/caption_image", request)
        assert (answer.success, "is black" in answer.message) == (False, True)
        assert set_parameter(peer, "min_view", 0.0).successful
        publisher.publish(black)
        wait_until(lambda: peer.captions, "the caption that was asked for")
        peer.status(lambda one: "no_view" not in one.message, "recovery")


def test_a_frozen_camera_is_said_until_it_moves(make_node):
    node = make_node(frozen_after=0.1)
    wait_until(lambda: feed(node, make_image()) or node.statistics.snapshot().no_view, "frost")
    assert "the camera is frozen" in node.statistics.snapshot().no_view
    count = len(node.captioner.calls)
    feed(node, make_image(seconds=2))
    assert len(node.captioner.calls) == count
    feed(node, make_image(shade=101))
    assert len(node.captioner.calls) == count + 1
    assert node.statistics.snapshot().no_view == ""


def test_a_simulated_camera_may_stand_still(make_node):
    node = make_node(frozen_after=0.01, use_sim_time=True)
    for _ in range(20):
        feed(node, make_image())
    assert node.statistics.snapshot().dropped == {}


def test_a_dark_picture_does_not_count_as_the_last_keyframe(make_node):
    node = make_node(keyframe_threshold=0.1)
    black = make_image()
    black.data = bytes(len(black.data))
    for message in (make_image(), black, make_image()):
        feed(node, message)
    assert node.statistics.snapshot().dropped == {"no_view": 1, "not_a_keyframe": 1}
