# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node in a process of its own, over DDS."""

import signal
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from mmser_ros.srv import CaptionImage
from rcl_interfaces.srv import DescribeParameters, ListParameters
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.nodes.caption.parameters import CAPTION_PARAMETERS
from test.core.chat_process import ChatProcess
from test.nodes.conftest import (
    connect,
    make_compressed,
    make_image,
    node_process,
    set_parameter,
    stripes,
    values,
    wait_until,
)
from test.nodes.strategies import images

OK, WARN, ERROR = b"\0", b"\1", b"\2"


@dataclass(frozen=True)
class Running:
    """A node that runs: its namespace, the name of its model, and the passes that this makes."""

    namespace: str
    model: str
    most_passes: int


@pytest.fixture(scope="module", params=["own", "hub", "remote"])
def running(request, tiny_checkpoint, hub_checkpoint):
    """A node of each kind of captioner for the tests that leave it as they found it.

    It loses nothing, being reliable.
    """
    kind = request.param
    namespace = f"/running_{kind}"
    parameters = {"qos_reliability": "reliable", "threads": 2, "frozen_after": 0.0}
    with ChatProcess() if kind == "remote" else nullcontext() as server:
        if kind == "own":
            model, known = tiny_checkpoint, Running(namespace, "tiny", 1)
        elif kind == "hub":
            model = f"hf:{hub_checkpoint('blip')}"
            known = Running(namespace, model, 1)
            parameters["max_tokens"] = 8
        else:
            model = f"openai:vlm@{server.url}"
            known = Running(namespace, "openai:vlm", 10)
        with node_process("caption_node", namespace, model=model, **parameters):
            yield known


@pytest.fixture
def peer(running, make_peer):
    return make_peer(running.namespace)


def ask_for(peer, publisher, image):
    """Publish an image and wait for its caption."""
    stamp = image.header.stamp

    def answered():
        return any(one.header.stamp == stamp for one in peer.captions)

    publisher.publish(image)
    wait_until(answered, f"the caption of the image at {stamp}")
    return next(one for one in peer.captions if one.header.stamp == stamp)


def adds_up(status):
    """Whether each image received is captioned or dropped: none waits."""
    found = values(status)
    dropped = sum(int(count) for key, count in found.items() if key.startswith("dropped."))
    return int(found["received"]) == int(found["captioned"]) + dropped


def test_the_header_goes_through_untouched(peer, running):
    publisher = connect(peer)
    for number in range(3):
        image = make_image(shade=80 * number, seconds=1000 + number, nanoseconds=7)
        caption = ask_for(peer, publisher, image)
        assert caption.header == image.header
        assert caption.caption == caption.initial_caption
        assert (caption.model, caption.passes, caption.refined) == (running.model, 1, False)
        assert 0 < caption.confidence < 1
        assert caption.inference_time > 0


def test_malformed_images_are_counted_and_the_next_is_captioned(peer):
    publisher = connect(peer)
    broken = {
        "bad_step": {"step": 1},
        "short_data": {"data": b"\0"},
        "unknown_encoding": {"encoding": "nv99"},
        "empty": {"height": 0},
        "big_endian": {"encoding": "mono16", "is_bigendian": 1},
    }
    for reason, fields in broken.items():
        publisher.publish(make_image(**fields))
        peer.status(lambda one, key=f"dropped.malformed_{reason}": key in values(one), reason)
    ask_for(peer, publisher, make_image(seconds=2000))
    status = peer.status(lambda one: one.level == WARN, "a warning")
    assert "5 images failed in the last minute" in status.message
    peer.status(adds_up, "counts that add up")


def test_broken_images_from_another_process(peer):
    publisher = connect(peer)

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(images)
    def send(message):
        publisher.publish(message)

    send()
    ask_for(peer, publisher, make_image(seconds=2100))
    status = peer.status(adds_up, "counts that add up")
    assert any(key.startswith("dropped.malformed") for key in values(status))


def test_the_service_captions_what_it_is_given(peer, running):
    pixels = np.full((8, 8, 3), 50, np.uint8)
    raw = CaptionImage.Request(image=make_image(seconds=31))
    compressed = CaptionImage.Request(compressed_image=make_compressed(pixels))
    compressed.compressed_image.header.frame_id = "pressed"
    for request, frame in ((raw, "camera_optical"), (compressed, "pressed")):
        response = peer.call(CaptionImage, "caption_node/caption_image", request)
        assert response.success, response.message
        assert response.caption.header.frame_id == frame
        assert response.caption.model == running.model
    response = peer.call(
        CaptionImage, "caption_node/caption_image", CaptionImage.Request(image=make_image(step=1))
    )
    assert (response.success, "expected at least" in response.message) == (False, True)
    response = peer.call(
        CaptionImage,
        "caption_node/caption_image",
        CaptionImage.Request(image=make_image(), passes=11),
    )
    assert not response.success
    assert f"can make 1 to {running.most_passes}" in response.message


def test_the_service_looks_again_at_a_caption_from_elsewhere(peer, running):
    request = CaptionImage.Request(image=make_image(), initial_caption="a dog")
    response = peer.call(CaptionImage, "caption_node/caption_image", request)
    assert response.success == (running.most_passes > 1)
    if response.success:
        assert (response.caption.initial_caption, response.caption.refined) == ("a dog", True)
    else:
        assert "can make 1 to 1" in response.message


def test_it_works_with_as_many_threads_as_it_is_told(peer):
    assert values(peer.status(lambda _: True, "a status"))["threads"] == "2"


def test_every_parameter_is_described_and_guarded(peer, running):
    names = peer.call(
        ListParameters, "caption_node/list_parameters", ListParameters.Request()
    ).result.names
    table = {one.name: one for one in CAPTION_PARAMETERS}
    assert table.keys() <= set(names)
    described = peer.call(
        DescribeParameters,
        "caption_node/describe_parameters",
        DescribeParameters.Request(names=list(table)),
    ).descriptors
    for descriptor in described:
        parameter = table[descriptor.name]
        assert descriptor.description.startswith(parameter.description)
        assert descriptor.description.endswith(parameter.unit and f" Unit: {parameter.unit}.")
        assert descriptor.read_only == parameter.read_only
        if isinstance(parameter.default, (int, float)) and not isinstance(parameter.default, bool):
            assert descriptor.integer_range or descriptor.floating_point_range
    assert not set_parameter(peer, "max_rate", -1.0).successful
    assert not set_parameter(peer, "max_rate", float("nan")).successful
    assert not set_parameter(peer, "keyframe_threshold", 1.5).successful
    assert not set_parameter(peer, "beams", 0).successful
    assert not set_parameter(peer, "model", "specialist").successful
    assert set_parameter(peer, "passes", 2).successful == (running.most_passes > 1)
    assert set_parameter(peer, "passes", 1).successful


def test_the_keyframe_gate_can_be_set_while_it_runs(peer):
    publisher = connect(peer)
    assert set_parameter(peer, "keyframe_threshold", 0.02).successful
    ask_for(peer, publisher, make_image(shade=10, seconds=3000))
    publisher.publish(make_image(shade=11, seconds=3001))
    peer.status(lambda one: "dropped.not_a_keyframe" in values(one), "a skipped picture")
    ask_for(peer, publisher, make_image(shade=90, seconds=3002))
    assert 3001 not in {one.header.stamp.sec for one in peer.captions}
    assert set_parameter(peer, "keyframe_threshold", 0.0).successful
    ask_for(peer, publisher, make_image(shade=90, seconds=3003))


def test_a_silent_camera_is_an_error_until_it_speaks_again(peer, running):
    publisher = connect(peer)
    ask_for(peer, publisher, make_image(seconds=4000))
    silent = peer.status(lambda one: one.level == ERROR, "an error")
    assert silent.message.startswith(f"no image on {running.namespace}/image for ")
    assert "1 publisher, QoS compatible" in silent.message
    captions = len(peer.captions)
    publisher.publish(make_image(seconds=4001))
    peer.status(lambda one: one.level != ERROR, "recovery")
    wait_until(lambda: len(peer.captions) > captions, "the next caption")
    assert [one.header.stamp.sec for one in peer.captions[captions:]] == [4001]


def test_the_lifecycle(peer):
    def change(transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return peer.call(ChangeState, "caption_node/change_state", request).success

    def state():
        answer = peer.call(GetState, "caption_node/get_state", GetState.Request())
        return answer.current_state.label

    publisher = connect(peer)
    assert state() == "active"
    assert change(Transition.TRANSITION_DEACTIVATE)
    assert state() == "inactive"
    idle = peer.status(lambda one: "inactive" in one.message, "the state")
    publisher.publish(make_image(seconds=5000))
    assert change(Transition.TRANSITION_CLEANUP)
    assert state() == "unconfigured"
    wait_until(lambda: publisher.get_subscription_count() == 0, "the subscription to go")
    assert change(Transition.TRANSITION_CONFIGURE)
    assert change(Transition.TRANSITION_ACTIVATE)
    publisher = connect(peer)
    ask_for(peer, publisher, make_image(seconds=5001))
    assert 5000 not in {one.header.stamp.sec for one in peer.captions}
    assert values(idle)["state"] == "inactive"


def test_compressed_images_and_qos_that_does_not_fit(tiny_checkpoint, make_peer):
    parameters = {
        "model": tiny_checkpoint,
        "image_transport": "compressed",
        "qos_reliability": "reliable",
    }
    peer = make_peer("/pressed")
    peer.publisher(kind=CompressedImage, topic="image/compressed", reliability="best_effort")
    peer.publisher(kind=Image, topic="elsewhere")
    with node_process("caption_node", "/pressed", **parameters):
        status = peer.status(lambda one: "QoS incompatible" in one.message, "the QoS")
        assert "it is best_effort, we asked reliable" in status.message
        assert "/pressed/image/compressed" in status.message
        publisher = peer.publisher(kind=CompressedImage, topic="image/compressed")
        wait_until(lambda: publisher.get_subscription_count() == 1, "the node's subscription")
        image = make_compressed(stripes(50, (8, 8)), ".jpg")
        image.header.stamp.sec = 6000
        assert ask_for(peer, publisher, image).header == image.header


def test_a_glance_and_then_the_refined_caption(refining_checkpoint, make_peer):
    peer = make_peer("/twice")
    parameters = {"model": refining_checkpoint, "qos_reliability": "reliable"}
    with node_process("caption_node", "/twice", **parameters, passes=2, publish_glance=True):
        publisher = connect(peer)
        image = make_image(seconds=8000)
        publisher.publish(image)
        wait_until(lambda: len(peer.captions) == 2, "both captions")
        first, second = peer.captions
        assert first.header == second.header == image.header
        assert (first.refined, first.passes) == (False, 1)
        assert (second.refined, second.passes) == (True, 2)
        assert second.initial_caption == first.initial_caption == first.caption
        found = values(peer.status(lambda one: values(one)["captioned"] == "1", "one picture"))
        assert 0 < float(found["glance latency p50 (ms)"]) < float(found["latency p50 (ms)"])
        request = CaptionImage.Request(image=make_image(seconds=8001))
        answer = peer.call(CaptionImage, "caption_node/caption_image", request)
        assert (answer.caption.refined, answer.caption.passes) == (True, 2)
        request = CaptionImage.Request(image=make_image(), passes=1, initial_caption="a dog")
        answer = peer.call(CaptionImage, "caption_node/caption_image", request)
        assert (answer.caption.refined, answer.caption.passes) == (True, 2)
        assert answer.caption.initial_caption == "a dog"


def test_nothing_published_says_what_is(tiny_checkpoint, make_peer):
    peer = make_peer("/lonely")
    peer.publisher(topic="other_camera")
    with node_process("caption_node", "/lonely", model=tiny_checkpoint):
        status = peer.status(lambda one: "/lonely/other_camera" in one.message, "the other topic")
        assert "no publisher; sensor_msgs/msg/Image is published on" in status.message


def test_by_default_a_best_effort_camera_is_heard(tiny_checkpoint, make_peer):
    peer = make_peer("/usual")
    publisher = peer.publisher(reliability="best_effort")
    camera = peer.node.create_timer(0.1, lambda: publisher.publish(make_image(seconds=7000)))
    with node_process("caption_node", "/usual", model=tiny_checkpoint, frozen_after=0.0):
        wait_until(lambda: peer.captions, "a caption")
        peer.status(lambda one: one.level == OK, "all well")
        peer.status(lambda one: float(values(one)["input rate (Hz)"]) > 0, "two images")
    peer.node.destroy_timer(camera)
    assert peer.captions[0].header.stamp.sec == 7000


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_well(tiny_checkpoint, make_peer, interrupt):
    peer = make_peer("/interrupted")
    publisher = peer.publisher()
    camera = peer.node.create_timer(0.02, lambda: publisher.publish(make_image()))
    with node_process("caption_node", "/interrupted", model=tiny_checkpoint) as node:
        wait_until(lambda: peer.captions, "a caption")
        node.send_signal(interrupt)
        _, printed = node.communicate(timeout=60)
        assert node.returncode == 0
        assert "Traceback" not in printed
        assert "no caption" not in printed
    peer.node.destroy_timer(camera)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"model": "gigantic"}, "no model 'gigantic'"),
        ({"device": "abacus"}, "unknown device 'abacus'"),
        ({"quantize": "fp16", "device": "cpu"}, "use bf16, int8 or none"),
        ({"quantize": "int3"}, "expected one of auto, none"),
        ({"qos_depth": 0}, "qos_depth"),
        ({"passes": 2}, "1 to 1"),
    ],
)
def test_what_can_not_start_says_why(tiny_checkpoint, parameters, said):
    with node_process(
        "caption_node", "/broken", **{"model": tiny_checkpoint, **parameters}
    ) as node:
        _, printed = node.communicate(timeout=60)
        assert node.returncode == 1
        assert said in printed
        assert "Traceback" not in printed
