# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node with a captioner that does what the test says, in the test's process."""

import threading
from time import monotonic, sleep

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from hypothesis import given, settings
from mmser_ros.srv import CaptionImage
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

from mmser_ros.core.errors import MmserError, OutOfMemoryError
from mmser_ros.nodes.common.image_conversions import REASONS, ImageError, to_rgb
from test.nodes.conftest import make_image, values, wait_until
from test.nodes.scripted_captioner import feed, settled, stamps_and_passes
from test.nodes.strategies import images


def test_newest_wins_while_the_model_is_busy(make_node):
    node = make_node()
    node.captioner.free.clear()
    node.on_image(make_image(shade=1))
    wait_until(lambda: node.captioner.calls, "the first picture to be started")
    assert node.statistics.snapshot().busy > 0.0
    for shade in range(2, 7):
        node.on_image(make_image(shade=shade))
    node.captioner.free.set()
    wait_until(lambda: settled(node), "the rest")
    wait_until(lambda: not node.statistics.snapshot().busy, "the end of the work")
    assert [call[0] for call in node.captioner.calls] == [1, 6]
    assert node.statistics.snapshot().dropped == {"overrun": 4}


def test_what_the_captioner_waits_for_is_cancelled_when_the_worker_stops(make_node):
    node = make_node()
    node.captioner.free.clear()
    node.on_image(make_image(shade=1))
    wait_until(lambda: node.captioner.calls, "the picture to be started")
    node.trigger_deactivate()
    assert node.statistics.snapshot().dropped == {"shutdown": 1}
    assert not node.statistics.snapshot().last_error
    node.trigger_activate()
    feed(node, make_image(shade=2))
    assert node.statistics.snapshot().captioned == 1


def test_requests_are_cancelled_before_the_end(make_node):
    node = make_node()
    node.captioner.free.clear()
    answers = []
    request = CaptionImage.Request(image=make_image())
    asking = threading.Thread(
        target=lambda: answers.append(node._caption_image(request, CaptionImage.Response()))
    )
    asking.start()
    wait_until(lambda: node.captioner.calls, "the request to be started")
    node.end_requests()
    asking.join()
    assert (answers[0].success, answers[0].message) == (False, "cancelled")


def test_max_rate_spaces_captions_and_can_be_lifted(make_node):
    node = make_node(max_rate=20.0)
    begin = monotonic()
    while len(node.captioner.calls) < 4:
        node.on_image(make_image())
        sleep(0.001)
    assert node.captioner.calls[3][3] - begin >= 3 / 20.0
    assert node.statistics.snapshot().dropped["rate"] > 0
    wait_until(lambda: settled(node), "the last")
    node.set_parameters([Parameter("max_rate", value=0.0)])
    feed(node, make_image())
    rate = node.statistics.snapshot().dropped["rate"]
    for _ in range(5):
        feed(node, make_image())
    assert node.statistics.snapshot().dropped["rate"] == rate


def test_parameters_reach_the_captioner(make_node):
    given = {"model": "m", "device": "cpu", "quantize": "int8", "passes": 2, "beams": 4}
    given |= {"refine_below": 0.5}
    asked = {"prompt": "p", "style": "detailed", "max_tokens": 7, "revision": "r"}
    asked |= {"refiner": "nano", "crops": 3, "compile": True, "request_timeout": 3.0}
    node = make_node(**given, **asked)
    assert node.captioner.options == given | asked | {"threads": "auto"}
    feed(node, make_image(shade=5))
    assert node.captioner.calls[-1][:3] == (5, 2, 4)
    ground = node.captioner.calls[-1][4]
    changed = {"passes": 3, "beams": 1, "ground": not ground}
    node.set_parameters([Parameter(name, value=value) for name, value in changed.items()])
    feed(node, make_image(shade=6))
    assert node.captioner.calls[-1][:3] == (6, 3, 1)
    assert node.captioner.calls[-1][4] is not ground
    assert not node.set_parameters([Parameter("passes", value=4)])[0].successful
    (refused,) = node.set_parameters([Parameter("beams", value=5)])
    assert refused.reason == "beams is 5; scripted takes 1 to 4"


def test_qos_is_what_was_asked_for(make_node):
    node = make_node(qos_reliability="reliable", qos_durability="transient_local", qos_depth=7)
    subscription = next(one for one in node.subscriptions if one.topic.endswith("/image"))
    assert subscription.qos_profile.depth == 7
    assert subscription.qos_profile.reliability == ReliabilityPolicy.RELIABLE
    assert subscription.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL


@pytest.mark.parametrize("trouble", [ValueError("odd"), MmserError("odd"), RuntimeError("odd")])
def test_one_picture_that_fails_does_not_end_the_stream(make_node, trouble):
    node = make_node()
    node.captioner.trouble = trouble
    feed(node, make_image())
    feed(node, make_image())
    snapshot = node.statistics.snapshot()
    assert (snapshot.captioned, snapshot.dropped) == (1, {"inference": 1})
    assert (snapshot.failures, snapshot.last_error) == (1, "odd")


def test_out_of_memory_degrades_and_stays_visible(make_node, make_peer):
    node = make_node(passes=3, beams=2)
    peer = make_peer(node.get_namespace())
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    node.captioner.trouble = OutOfMemoryError("the GPU is full")
    feed(node, make_image())
    feed(node, make_image())
    assert [call[1:3] for call in node.captioner.calls] == [(3, 2), (1, 1)]
    while not any("moved to the CPU" in one.message for one in peer.statuses):
        executor.spin_once(timeout_sec=0.1)
    status = peer.statuses[-1]
    assert status.level == DiagnosticStatus.WARN
    assert values(status)["dropped.out_of_memory"] == "1"
    assert values(status)["captioned"] == "1"


def test_a_picture_that_failed_is_no_keyframe(make_node):
    node = make_node(keyframe_threshold=0.1)
    node.captioner.trouble = MmserError("odd")
    for _ in range(3):
        feed(node, make_image())
    snapshot = node.statistics.snapshot()
    assert (snapshot.captioned, snapshot.dropped) == (1, {"inference": 1, "not_a_keyframe": 1})


def test_the_glance_goes_out_before_the_second_look(make_node, listen):
    node = make_node(passes=3, publish_glance=True)
    captions = listen(node)
    node.captioner.free_again.clear()
    node.on_image(make_image(shade=7, seconds=70))
    wait_until(lambda: captions, "the glance")
    assert stamps_and_passes(captions) == [(70, 1, False)]
    assert node.statistics.snapshot().captioned == 0
    node.captioner.free_again.set()
    wait_until(lambda: settled(node), "the second look")
    wait_until(lambda: len(captions) == 2, "the caption")  # the pass between stays here
    assert stamps_and_passes(captions) == [(70, 1, False), (70, 3, True)]
    assert captions[0].header == captions[1].header
    now = node.statistics.snapshot()
    assert (now.received, now.captioned) == (1, 1)
    assert 0 < now.glance_latency_ms["p50"] < now.latency_ms["p50"]


def test_one_message_where_there_is_one_pass_or_no_wish(make_node, listen):
    node = make_node(passes=1, publish_glance=True)
    captions = listen(node)
    feed(node, make_image(seconds=1))
    node.set_parameters([Parameter("passes", value=2), Parameter("publish_glance", value=False)])
    feed(node, make_image(seconds=2))
    node.set_parameters([Parameter("publish_glance", value=True)])
    feed(node, make_image(seconds=3))
    wait_until(lambda: len(captions) == 4, "four captions")
    expected = [(1, 1, False), (2, 2, True), (3, 1, False), (3, 2, True)]
    assert stamps_and_passes(captions) == expected
    assert node.statistics.snapshot().captioned == 3


def test_a_glance_that_is_not_refined_goes_out_once(make_node, listen):
    node = make_node(passes=2, publish_glance=True)
    captions = listen(node)
    node.captioner.most = 1
    feed(node, make_image(seconds=1))
    node.captioner.most = 2
    feed(node, make_image(seconds=2))
    wait_until(lambda: len(captions) == 3, "three captions")
    assert stamps_and_passes(captions) == [(1, 1, False), (2, 1, False), (2, 2, True)]
    assert node.statistics.snapshot().captioned == 2


def test_a_picture_whose_second_look_failed_is_dropped_and_no_keyframe(make_node, listen):
    node = make_node(passes=2, publish_glance=True, keyframe_threshold=0.1)
    captions = listen(node)
    node.captioner.trouble, node.captioner.troubled = MmserError("odd"), 2
    for seconds in (1, 2, 3):
        feed(node, make_image(seconds=seconds))
    wait_until(lambda: len(captions) == 3, "three captions")
    assert stamps_and_passes(captions) == [(1, 1, False), (2, 1, False), (2, 2, True)]
    now = node.statistics.snapshot()
    assert (now.captioned, now.dropped) == (1, {"inference": 1, "not_a_keyframe": 1})


def test_a_request_that_fails_is_answered(make_node, make_peer):
    node = make_node()
    peer = make_peer(node.get_namespace())
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    name = "caption_node/caption_image"
    answers = [peer.call(CaptionImage, name, CaptionImage.Request())]
    node.captioner.trouble = ValueError("odd")
    answers.append(peer.call(CaptionImage, name, CaptionImage.Request(image=make_image())))
    feed(node, make_image(shade=9))
    answers.append(peer.call(CaptionImage, name, CaptionImage.Request()))
    request = CaptionImage.Request(image=make_image(), initial_caption="a dog", ground=True)
    answers.append(peer.call(CaptionImage, name, request))
    executor.shutdown()
    spinning.join()
    assert [answer.success for answer in answers] == [False, False, True, True]
    assert "none came on" in answers[0].message
    assert answers[1].message == "odd"
    assert answers[2].caption.caption == "9"
    assert [call[4:] for call in node.captioner.calls[-2:]] == [(False, None), (True, "a dog")]


def test_timeout_and_period_of_diagnostics(make_node, make_peer):
    often = make_node(diagnostics_period=0.05, input_timeout=0.1)
    seldom = make_node(diagnostics_period=60.0)
    patient = make_node(diagnostics_period=0.05, input_timeout=3600.0)
    peers = [make_peer(node.get_namespace()) for node in (often, seldom, patient)]
    executor = SingleThreadedExecutor()
    for node in (often, seldom, patient):
        executor.add_node(node)
    while min(len(peers[0].statuses), len(peers[2].statuses)) < 10:
        executor.spin_once(timeout_sec=0.1)
    assert not peers[1].statuses
    assert peers[0].statuses[-1].level == DiagnosticStatus.ERROR
    assert {one.level for one in peers[2].statuses} == {DiagnosticStatus.OK}


def test_without_autostart_nothing_is_loaded(make_node):
    node = make_node(activate=False, autostart=False)
    node.on_image(make_image())
    assert node.statistics.snapshot().received == 0
    assert not hasattr(node.captioner, "options")


def test_ten_thousand_broken_images(make_node):
    """Each is counted under the reason that reading it gives, and a good one is captioned after."""
    node = make_node(min_view=0.0)  # what is broken may be all of one grey
    expected = {}
    good = 0

    @settings(max_examples=10_000, deadline=None, derandomize=True, database=None)
    @given(images)
    def send(message):
        nonlocal good
        try:
            to_rgb(message)
            good += 1
        except ImageError as error:
            key = f"malformed_{error.reason}"
            expected[key] = expected.get(key, 0) + 1
        feed(node, message)

    rclpy.logging.set_logger_level(node.get_logger().name, rclpy.logging.LoggingSeverity.FATAL)
    send()
    snapshot = node.statistics.snapshot()
    assert snapshot.received >= 10_000
    assert (snapshot.captioned, snapshot.dropped) == (good, expected)
    raw = {"malformed_" + reason for reason in REASONS if reason != "undecodable"}
    assert expected.keys() == raw
    feed(node, make_image(shade=42))
    assert node.captioner.calls[-1][0] == 42
