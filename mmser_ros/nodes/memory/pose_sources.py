# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Poses from Odometry, PoseStamped or TF."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import sleep
from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time

from mmser_ros.core.errors import MmserError
from mmser_ros.core.geometry import is_valid_pose
from mmser_ros.core.types import Pose
from mmser_ros.nodes.common.plausible_stamps import CheckStamp, ImplausibleStampError
from mmser_ros.nodes.common.pose_buffer import PoseBuffer, PoseError
from mmser_ros.nodes.common.scene_conversions import nanoseconds, pose_from_message

POLL = 0.02
"""Period (seconds) of polling TF."""
TF_REASONS = {
    "ExtrapolationException": "tf_extrapolation",
    "LookupException": "tf_unknown_frame",
    "ConnectivityException": "tf_not_connected",
}
SPURIOUS = 100.0
"""Drivers write variances of at least this for "unknown"."""


class PoseSourceError(MmserError):
    """The source of poses is not available."""


class TopicPoses(PoseBuffer):
    """Poses from a topic of nav_msgs/Odometry (`odom`) or geometry_msgs/PoseStamped (`pose`).

    Args:
        node: to subscribe with.
        kind: Odometry or PoseStamped.
        topic: its name.
        frame: of the map; poses in another frame are refused.
        sigmas: standard deviations of position (metres) and heading (radians), if the message has
            none.
        length: of the buffer, in seconds.
        gap: maximum seconds between two poses for interpolation.
        qos: of the subscription.
        refuse: called with a reason and a text for each pose that can't be used.
        check_stamp: for each pose; a stamp ahead of the clock would make all others too old.
    """

    def __init__(
        self,
        node: Node,
        kind: type[Odometry] | type[PoseStamped],
        topic: str,
        *,
        frame: str,
        sigmas: tuple[float, float],
        length: float,
        gap: float,
        qos: QoSProfile,
        refuse: Callable[[str, str], None],
        check_stamp: CheckStamp,
    ) -> None:
        self._check_stamp = check_stamp
        self.topic = node.resolve_topic_name(topic)
        super().__init__(self.topic, length, gap)
        self.type_name = f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"
        self._frame, self._sigmas, self._on_refused, self._node = frame, sigmas, refuse, node
        self._refusal = ""
        self._subscription = node.create_subscription(
            kind, topic, self._on_message, qos, callback_group=MutuallyExclusiveCallbackGroup()
        )

    def close(self) -> None:
        """Close the subscription."""
        self._node.destroy_subscription(self._subscription)

    def at(self, stamp: int) -> Pose:
        """See PoseBuffer; if received poses can't be used, the error says why."""
        try:
            return super().at(stamp)
        except PoseError as error:
            if not self._refusal:
                raise
            text = self._refusal + ("" if error.reason == "no_pose" else f"; {error}")
            raise PoseError(error.reason, text, may_come=error.may_come) from error

    def _on_message(self, message: Any) -> None:
        try:
            self._check_stamp(nanoseconds(message.header.stamp), f"a pose on {self.topic}")
        except ImplausibleStampError as error:
            self._refuse(f"pose_{error.reason}", str(error))
            return
        if message.header.frame_id != self._frame:
            self._refuse(
                "pose_frame",
                f"poses on {self.topic} are in frame {message.header.frame_id!r}, map_frame is "
                f"{self._frame!r}: localise in the map (pose_source: tf), or set map_frame",
            )
            return
        position_sigma, heading_sigma = self._sigmas
        if isinstance(message, Odometry):
            covariance = message.pose.covariance
            position_sigma = _sigma(max(covariance[0], covariance[7]), position_sigma)
            heading_sigma = _sigma(covariance[35], heading_sigma)
        inner = message.pose.pose if isinstance(message, Odometry) else message.pose
        pose = pose_from_message(inner, position_sigma, heading_sigma)
        if is_valid_pose(pose):
            self._refusal = ""
            self.add(nanoseconds(message.header.stamp), pose)
        else:
            expected = "expected finite numbers and a unit quaternion"
            self._refuse("pose_malformed", f"{pose} on {self.topic}; {expected}")

    def _refuse(self, reason: str, text: str) -> None:
        self._refusal = text
        self._on_refused(reason, text)


class TfPoses:
    """Poses from TF: of `base` in `frame`; and of a camera in `base`.

    Args:
        node: to subscribe with.
        frame: of the map.
        base: of the robot.
        sigmas: standard deviations of position (metres) and heading (radians).
        length: of the buffer, in seconds.

    Raises:
        PoseSourceError: tf2_ros is not installed.
    """

    def __init__(
        self, node: Node, frame: str, base: str, sigmas: tuple[float, float], length: float
    ) -> None:
        try:
            import tf2_ros
        except ImportError as error:
            msg = (
                "pose_source is tf, and tf2_ros is not installed; install it "
                "(ros-$ROS_DISTRO-tf2-ros-py), or set pose_source to odom or pose"
            )
            raise PoseSourceError(msg) from error
        from rclpy.duration import Duration

        self.topic, self.type_name = "/tf", "tf2_msgs/msg/TFMessage"
        self._frame, self._base, self._sigmas = frame, base, sigmas
        self._buffer = tf2_ros.Buffer(cache_time=Duration(seconds=length))
        self._listener = tf2_ros.TransformListener(self._buffer, node, spin_thread=False)
        self._error: type[Exception] = tf2_ros.TransformException

    def at(self, stamp: int) -> Pose:
        """The pose of the robot at a stamp (nanoseconds); TF interpolates as PoseBuffer does.

        Raises:
            PoseError: TF has none at that stamp.
        """
        return self._look_up(self._frame, self._base, stamp)

    def mount(self, camera: str, stamp: int) -> Pose:
        """The pose of a camera's optical frame in the robot's frame at a stamp.

        Raises:
            PoseError: TF has none at that stamp; it may come if TF knows both frames.
        """
        try:
            return self._look_up(self._base, camera, stamp)
        except PoseError as error:
            error.may_come = error.reason == TF_REASONS["ExtrapolationException"]
            raise

    def wait(self, timeout: float) -> None:
        """Wait for the next poll of TF, at most `timeout` seconds."""
        sleep(min(POLL, timeout))

    def reset(self) -> None:
        """Delete all transforms except static ones."""
        self._buffer.clear()

    def close(self) -> None:
        """Close the subscription."""
        self._listener.unregister()

    def _look_up(self, target: str, source: str, stamp: int) -> Pose:
        try:
            found = self._buffer.lookup_transform(target, source, Time(nanoseconds=stamp))
        except self._error as error:
            text = f"TF has no {target} → {source} at the image's stamp: {error}"
            reason = TF_REASONS.get(type(error).__name__, "tf_error")
            raise PoseError(reason, text, may_come=True) from error
        return pose_from_message(found.transform, *self._sigmas)


def _sigma(variance: float, otherwise: float) -> float:
    return math.sqrt(variance) if 0 < variance < SPURIOUS else otherwise
