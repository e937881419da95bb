# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What caption_node publishes beside scene_caption, and what it holds back, over DDS."""

import pytest
from mmser_ros.srv import CaptionImage
from rclpy.parameter import Parameter

from mmser_ros.captioner.quantization.formats import resolve
from test.nodes.conftest import (
    connect,
    make_image,
    node_process,
    set_parameter,
    values,
    wait_until,
)
from test.nodes.scripted_captioner import feed, stamps_and_passes


def test_the_text_goes_out_for_who_knows_no_message_of_ours(refining_checkpoint, make_peer):
    peer = make_peer("/told")
    parameters = {"model": refining_checkpoint, "qos_reliability": "reliable"}
    with node_process("caption_node", "/told", **parameters, passes=2, publish_glance=True):
        publisher = connect(peer)
        publisher.publish(make_image())
        wait_until(lambda: len(peer.captions) == len(peer.texts) == 2, "glance and caption")
    assert [one.refined for one in peer.captions] == [False, True]
    assert peer.texts == [one.caption for one in peer.captions]


def test_the_text_follows_a_caption_that_is_elsewhere(tiny_checkpoint, make_peer):
    peer = make_peer("/moved")
    texts = peer.hear_texts("said/text")
    renamed = ("-r", "scene_caption:=said")
    with node_process("caption_node", "/moved", *renamed, model=tiny_checkpoint):
        publisher = connect(peer)
        camera = peer.node.create_timer(0.1, lambda: publisher.publish(make_image()))
        wait_until(lambda: texts, "a text")
    peer.node.destroy_timer(camera)
    assert not peer.captions


def test_a_caption_that_is_not_sure_enough_is_held_back(tiny_checkpoint, make_peer):
    peer = make_peer("/unsure")
    parameters = {"model": tiny_checkpoint, "qos_reliability": "reliable", "min_confidence": 1.0}
    with node_process("caption_node", "/unsure", **parameters):
        publisher = connect(peer)
        publisher.publish(make_image(seconds=1))
        status = peer.status(lambda one: "dropped.low_confidence" in values(one), "the drop")
        assert (values(status)["dropped.low_confidence"], values(status)["captioned"]) == ("1", "0")
        assert values(status)["quantize"] == resolve("auto", values(status)["device"])
        assert "1 captions of the last minute were below min_confidence" in status.message
        answer = peer.call(CaptionImage, "caption_node/caption_image", CaptionImage.Request())
        assert answer.success, answer.message
        assert answer.caption.confidence < 1
        assert not set_parameter(peer, "min_confidence", 1.5).successful
        assert set_parameter(peer, "min_confidence", 0.0).successful
        publisher.publish(make_image(seconds=2))
        wait_until(lambda: peer.captions and peer.texts, "the next caption and its text")
    assert [one.header.stamp.sec for one in peer.captions] == [2]
    assert len(peer.texts) == 1


@pytest.mark.parametrize(
    ("sure", "published", "counts"),
    [
        ((0.5, 0.9, 0.7), [(1, 1, False), (1, 3, True)], (1, {})),
        ((0.4, 0.9, 0.7), [(1, 3, True)], (1, {})),
        ((0.6, 0.9, 0.4), [(1, 1, False)], (0, {"low_confidence": 1})),
        ((0.4, 0.9, 0.4), [], (0, {"low_confidence": 1})),
    ],
)
def test_glance_and_caption_are_judged_each_by_its_own_confidence(
    make_node, listen, sure, published, counts
):
    node = make_node(passes=3, publish_glance=True, min_confidence=0.5)
    captions = listen(node)
    node.captioner.sure = sure
    feed(node, make_image(seconds=1))
    now = node.statistics.snapshot()
    assert (now.captioned, now.dropped) == counts
    assert (now.glance_latency_ms["p50"] > 0) == (sure[0] >= 0.5)
    node.captioner.sure = (1.0, 1.0, 1.0)
    node.set_parameters([Parameter("publish_glance", value=False)])
    feed(node, make_image(seconds=2))
    expected = [*published, (2, 3, True)]
    wait_until(lambda: len(captions) == len(expected), "what was published")
    assert stamps_and_passes(captions) == expected


def test_a_view_that_left_it_unsure_is_not_captioned_again(make_node):
    node = make_node(min_confidence=0.9, keyframe_threshold=0.1)
    for shade in (10, 11, 200):
        feed(node, make_image(shade=shade))
    now = node.statistics.snapshot()
    assert now.dropped == {"low_confidence": 2, "not_a_keyframe": 1}
    assert now.failures == 0
