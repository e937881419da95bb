# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Every message that memory_node hears, and every request that it answers."""

from time import time_ns

import numpy as np
import pytest
from geometry_msgs.msg import Point
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmser_ros.msg import SceneCaption, SceneDigest, SceneObservation
from mmser_ros.srv import ForgetScene, QueryScene
from nav_msgs.msg import Odometry
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header, String

from benchmarks.made_scenes import around, pose
from mmser_ros.core.types import SECOND
from mmser_ros.memory.storage.serialization import normal_form
from mmser_ros.nodes.common.conversions import caption_to_message
from mmser_ros.nodes.common.scene_conversions import (
    observation_to_message,
    pose_to_message,
    stamp_of,
)
from mmser_ros.nodes.memory.node import MemoryNode
from test.nodes.conftest import wait_until
from test.nodes.memory.test_depth_buffer import depth_image
from test.nodes.memory.test_inputs import info
from test.nodes.odd_messages import EXAMPLES, messages, nearly
from test.nodes.plain_memory_node import open_plain

START = time_ns() // SECOND - 600
"""Seconds; scenes are of the last minutes."""
VIEWS = around("a red mug and a man", [("mug", (2.0, 0.0, 0.3)), ("man", (2.0, 1.0, 0.3))])
LIVELY = {
    "pose_source": "odom",
    "store_path": "none",
    "map_id": "home",
    "share_with_robots": True,
    "use_depth": True,
    "mask_classes": "mug,person",
    "send_goals": True,
    "pose_timeout": 0.0,
    "position_sigma": 0.1,
}
HIDDEN = ("/clock", "/parameter_events", "/rosout")


def stamps():
    return [stamp_of(one.stamp_ns + START * SECOND) for one in VIEWS]


def right():
    """Messages and requests as they should be, by type."""
    odometry, captions, told, depths = [], [], [], []
    for one, stamp in zip(VIEWS, stamps(), strict=True):
        odometry.append(Odometry(header=Header(stamp=stamp, frame_id="map")))
        odometry[-1].pose.pose = pose_to_message(one.pose)
        captions.append(caption_to_message(one.caption, Header(stamp=stamp, frame_id="eye")))
        told.append(observation_to_message(normal_form(one)))
        told[-1].caption.header.stamp = stamp
        depths.append(
            depth_image("32FC1", np.full((2, 3), 1.5, "<f4"), stamp=(stamp.sec, stamp.nanosec))
        )
    asked = QueryScene.Request(text="mug", has_near=True, near=Point(x=1.0), has_start=True)
    asked.start = pose_to_message(pose())
    return {
        Odometry: odometry,
        SceneCaption: captions,
        SceneObservation: told,
        Image: depths,
        CameraInfo: [info()],
        SceneDigest: [SceneDigest(robot="other", map_id="home", period=20, buckets=[1], sums=[2])],
        String: [String(data="red mug"), String(data="")],
        QueryScene.Request: [asked, QueryScene.Request(), QueryScene.Request(place="kitchen")],
        ForgetScene.Request: [ForgetScene.Request(before=stamp) for stamp in stamps()],
    }


@pytest.fixture(scope="module")
def node():
    overrides = [Parameter(name, value=value) for name, value in LIVELY.items()]
    node = MemoryNode(open_plain, namespace="/fuzzed", parameter_overrides=overrides)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    yield node
    node.destroy_node()


@pytest.fixture(scope="module")
def inlets(node):
    """What takes a message, by its name; each with the type that it takes."""
    ears = [one for one in node.subscriptions if one.topic_name not in HIDDEN]
    doors = [one for one in node.services if "mmser" in one.srv_type.__module__ or is_trigger(one)]
    assert len(ears) >= 7
    assert len(doors) == 6
    taken = {one.topic_name: (one.msg_type, one.callback) for one in ears}
    for one in doors:
        kind = one.srv_type
        taken[one.srv_name] = (
            kind.Request,
            lambda request, kind=kind, one=one: one.callback(request, kind.Response()),
        )
    return taken


def is_trigger(service):
    return service.srv_type.__name__ == "Trigger"


def as_heard(message):
    """A message after its journey."""
    return deserialize_message(serialize_message(message), type(message))


RIGHT = right()


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
@given(st.data())
def test_whatever_comes_the_node_goes_on(node, inlets, data):
    for _ in range(data.draw(st.integers(1, 5))):
        name = data.draw(st.sampled_from(sorted(inlets)))
        kind, take = inlets[name]
        known = RIGHT.get(kind, [kind()])
        message = data.draw(st.sampled_from(known) | nearly(known) | messages(kind))
        answer = take(as_heard(message))
        if answer is not None:
            serialize_message(answer)
            assert getattr(answer, "success", True) or answer.message
    settled(node)
    for timer in list(node.timers):
        timer.callback()
    counts = node.statistics.snapshot()
    assert "error" not in counts.dropped, counts.last_drop
    fine = RIGHT[Odometry][0], RIGHT[SceneCaption][0]
    for one in fine:
        inlets[f"/fuzzed/{'odom' if one is fine[0] else 'scene_caption'}"][1](one)
    settled(node)


def settled(node):
    def done():
        now = node.statistics.snapshot()
        return now.received == now.observed + sum(now.dropped.values())

    wait_until(done, "a count for each caption", pause=0.001)
