# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What caption_node publishes beside scene_caption, and what it holds back, over DDS."""

from test.nodes.conftest import connect, make_image, node_process, wait_until


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
