# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Poses from topics over DDS, and from TF where it is installed; elsewhere from a stand-in."""

import sys
from types import SimpleNamespace

import pytest
from geometry_msgs.msg import PoseStamped, TransformStamped
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile

from mmser_ros.core.types import SECOND
from mmser_ros.nodes.common.pose_buffer import PoseError
from mmser_ros.nodes.memory.pose_sources import PoseSourceError, TfPoses, TopicPoses
from test.nodes.conftest import wait_until


@pytest.fixture
def peer(make_peer):
    return make_peer("/poses")


@pytest.fixture
def hear(peer):
    """A source and a function that publishes to it, and waits until it was heard."""
    refused, sources = [], []

    def make(kind):
        source = TopicPoses(
            peer.node,
            kind,
            "where",
            frame="map",
            sigmas=(0.1, 0.2),
            length=10.0,
            gap=1.0,
            qos=QoSProfile(depth=10),
            refuse=lambda *why: refused.append(why),
            check_stamp=lambda *_: None,
        )
        publisher = peer.node.create_publisher(kind, "where", 10)
        wait_until(lambda: publisher.get_subscription_count() == 1, "the subscription")
        sources.append((source, publisher))
        return source, publisher, refused

    yield make
    for source, publisher in sources:
        source.close()
        peer.node.destroy_publisher(publisher)


def stamped(kind, seconds, x, frame="map", w=1.0):
    message = kind()
    message.header.stamp.sec, message.header.frame_id = seconds, frame
    pose = message.pose.pose if kind is Odometry else message.pose
    pose.position.x, pose.orientation.w = float(x), w
    return message


def pose_at(source, stamp):
    found = []

    def look():
        try:
            found.append(source.at(stamp))
        except PoseError:
            return False
        return True

    wait_until(look, f"a pose at {stamp}")
    return found[0]


@pytest.mark.parametrize("kind", [Odometry, PoseStamped])
def test_between_two_messages(hear, kind):
    source, publisher, refused = hear(kind)
    publisher.publish(stamped(kind, 1, 3.0))
    publisher.publish(stamped(kind, 2, 5.0))
    pose = pose_at(source, 3 * SECOND // 2)
    assert pose.position == (4.0, 0.0, 0.0)
    assert (pose.position_sigma, pose.heading_sigma) == (0.1, 0.2)
    assert refused == []


def test_odometry_that_knows_how_sure_it_is(hear):
    source, publisher, _ = hear(Odometry)
    message = stamped(Odometry, 1, 0.0)
    message.pose.covariance[0], message.pose.covariance[7] = 0.04, 0.09
    message.pose.covariance[35] = 1e9  # "unknown"
    publisher.publish(message)
    pose = pose_at(source, SECOND)
    assert (pose.position_sigma, pose.heading_sigma) == (pytest.approx(0.3), 0.2)


def test_what_can_not_be_used_is_refused_and_says_why(hear):
    source, publisher, refused = hear(Odometry)
    publisher.publish(stamped(Odometry, 1, 0.0, frame="odom"))
    publisher.publish(stamped(Odometry, 2, 0.0, w=0.0))
    publisher.publish(stamped(Odometry, 3, 0.0))
    pose_at(source, 3 * SECOND)
    assert [reason for reason, _ in refused] == ["pose_frame", "pose_malformed"]
    assert "in frame 'odom', map_frame is 'map'" in refused[0][1]
    with pytest.raises(PoseError, match="newer"):
        source.at(SECOND)


def test_the_error_names_why_what_was_heard_is_of_no_use(hear):
    source, publisher, refused = hear(Odometry)
    publisher.publish(stamped(Odometry, 1, 0.0, frame="odom"))
    wait_until(lambda: refused, "the refusal")
    with pytest.raises(PoseError, match=r"^poses on /poses/where are in frame 'odom'") as none:
        source.at(SECOND)
    assert (none.value.reason, none.value.may_come) == ("no_pose", True)
    publisher.publish(stamped(Odometry, 2, 0.0))
    pose_at(source, 2 * SECOND)
    publisher.publish(stamped(Odometry, 3, 0.0, w=0.0))
    wait_until(lambda: len(refused) == 2, "the refusal")
    with pytest.raises(
        PoseError, match=r"numbers and a unit quaternion; the newest pose .* 1.00 s"
    ):
        source.at(3 * SECOND)


def transform(x):
    message = TransformStamped()
    message.transform.translation.x = x
    message.transform.rotation.w = 1.0
    return message


class StandIn(SimpleNamespace):
    """What TfPoses uses of tf2_ros."""

    class TransformException(Exception):
        pass

    class ExtrapolationException(TransformException):
        pass

    class LookupException(TransformException):
        pass

    class Buffer:
        def __init__(self, cache_time):
            self.known = {("map", "base"): {1: 1.0, 2: 2.0}, ("base", "eye"): {1: 0.3}}

        def lookup_transform(self, target, source, time):
            try:
                known = self.known[target, source]
            except KeyError as error:
                raise StandIn.LookupException(source) from error
            if time.nanoseconds not in {one * SECOND for one in known}:
                raise StandIn.ExtrapolationException("into the future")
            return transform(known[time.nanoseconds // SECOND])

        def clear(self):
            self.known = {}

    class TransformListener:
        def __init__(self, buffer, node, spin_thread):
            assert not spin_thread

        def unregister(self):
            pass


@pytest.fixture
def tf(monkeypatch, peer):
    monkeypatch.setitem(sys.modules, "tf2_ros", StandIn())
    return TfPoses(peer.node, "map", "base", (0.1, 0.2), 10.0)


def test_tf_is_asked_for_the_stamp(tf):
    pose = tf.at(2 * SECOND)
    assert (pose.position, pose.position_sigma, pose.heading_sigma) == ((2.0, 0.0, 0.0), 0.1, 0.2)
    assert tf.mount("eye", SECOND).position == (0.3, 0.0, 0.0)


def test_why_tf_has_none(tf):
    with pytest.raises(PoseError, match="TF has no map → base at the image's stamp: into") as late:
        tf.at(3 * SECOND)
    assert (late.value.reason, late.value.may_come) == ("tf_extrapolation", True)
    with pytest.raises(PoseError) as unknown:
        tf.mount("ear", SECOND)
    assert (unknown.value.reason, unknown.value.may_come) == ("tf_unknown_frame", False)
    with pytest.raises(PoseError) as later:
        tf.mount("eye", 2 * SECOND)
    assert (later.value.reason, later.value.may_come) == ("tf_extrapolation", True)
    tf.reset()
    with pytest.raises(PoseError):
        tf.at(SECOND)


def test_without_tf_it_says_what_to_do(monkeypatch, peer):
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    with pytest.raises(PoseSourceError, match="set pose_source to odom or pose"):
        TfPoses(peer.node, "map", "base", (0.1, 0.2), 10.0)


def test_the_real_tf(peer):
    tf2_ros = pytest.importorskip("tf2_ros", reason="tf2_ros is not installed: it comes with ROS")
    source = TfPoses(peer.node, "map", "base", (0.1, 0.2), 10.0)
    broadcaster = tf2_ros.TransformBroadcaster(peer.node)
    for seconds in (1, 2):
        message = transform(float(seconds))
        message.header.stamp.sec, message.header.frame_id = seconds, "map"
        message.child_frame_id = "base"
        broadcaster.sendTransform(message)
    assert pose_at(source, 3 * SECOND // 2).position[0] == pytest.approx(1.5)
    with pytest.raises(PoseError):
        source.at(3 * SECOND)
    source.close()
