# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node with captioners that are no models of this package, over DDS."""

from mmser_ros.srv import CaptionImage

from mmser_ros.captioner import ModelSettings, open_captioner
from mmser_ros.nodes.common.image_conversions import to_rgb
from test.nodes.conftest import connect, make_image, node_process, values, wait_until


def test_a_model_of_transformers(hub_checkpoint, make_peer):
    peer = make_peer("/hub")
    model = f"hf:{hub_checkpoint('qwen2_5_vl')}"
    parameters = {"model": model, "device": "cpu", "max_tokens": 6, "qos_reliability": "reliable"}
    image = make_image(size=(60, 80))
    with node_process("caption_node", "/hub", **parameters, passes=2, publish_glance=True):
        connect(peer).publish(image)
        wait_until(lambda: len(peer.captions) == 2, "glance and caption")
        status = peer.status(lambda one: values(one)["captioned"] == "1", "the image")
        request = CaptionImage.Request(image=image, initial_caption="a cat", passes=2)
        answer = peer.call(CaptionImage, "caption_node/caption_image", request)
    captioner = open_captioner(model, device="cpu", settings=ModelSettings(max_tokens=6))
    passes = list(captioner.caption_passes([to_rgb(image)], passes=2))
    assert [one.caption for one in peer.captions] == [one.text for (one,) in passes]
    assert [one.refined for one in peer.captions] == [False, True]
    assert {one.model for one in peer.captions} == {values(status)["model"]} == {model}
    assert values(status)["quantize"] == "none"
    assert answer.success, answer.message
    assert answer.caption.caption == captioner.caption(to_rgb(image), initial="a cat").text
