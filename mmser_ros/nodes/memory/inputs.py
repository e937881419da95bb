# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pose, camera and depth at the stamp of a caption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mmser_ros.core.types import Camera, Pose
from mmser_ros.nodes.common.image_conversions import ImageError
from mmser_ros.nodes.common.plausible_stamps import CheckStamp
from mmser_ros.nodes.common.pose_buffer import JUMP, PoseError, wait_for_pose
from mmser_ros.nodes.common.scene_conversions import camera_from_info, nanoseconds
from mmser_ros.nodes.common.topic_health import explain_input
from mmser_ros.nodes.memory.depth_buffer import DepthBuffer, read_depth
from mmser_ros.nodes.memory.pose_sources import TfPoses, TopicPoses
from mmser_ros.nodes.memory.statistics import MemoryStatistics

POSES = 200
DEPTHS = 60
"""Depth images in the buffer: two seconds at 30 Hz."""
OPTICAL = (-0.5, 0.5, -0.5, 0.5)
"""Orientation of an optical frame (z forward, x right) in a frame with x forward, z up."""


class SensorData(NamedTuple):
    """Pose, camera and depth of one caption.

    Attributes:
        pose: of the robot in the map.
        camera: None if it is unknown.
        depth: (height, width) metres; None if there is none.
    """

    pose: Pose
    camera: Camera | None
    depth: np.ndarray | None


class MemoryInputs:
    """Subscribes to poses, camera_info and depth, and finds those of a stamp.

    Args:
        node: to subscribe with, and its parameters.
        statistics: of messages that can't be used.
        check_stamp: for the stamps of poses on a topic.

    Raises:
        PoseSourceError: the source of poses is not available.
    """

    def __init__(self, node: Node, statistics: MemoryStatistics, check_stamp: CheckStamp) -> None:
        self._node, self._statistics, self._check_stamp = node, statistics, check_stamp
        reliability = ReliabilityPolicy[self._get("qos_reliability").upper()]
        self._qos = QoSProfile(depth=POSES, reliability=reliability)
        self._logged: set[str] = set()
        self._poses = self._pose_source()
        self._mount = camera_mount(
            (self._get("camera_x"), self._get("camera_y"), self._get("camera_z")),
            self._get("camera_yaw"),
            self._get("camera_pitch"),
        )
        self._info: CameraInfo | None = None
        self._depths = DepthBuffer(DEPTHS) if self._get("use_depth") else None
        self._newest = 0
        qos = QoSProfile(depth=5, reliability=reliability)
        topic = node.resolve_topic_name("camera_info")
        self._subscriptions = [self._subscribe(CameraInfo, topic, self._on_info, qos)]
        self._explain_info = partial(explain, node, topic, CameraInfo, qos)
        if self._depths is not None:
            pressed = self._get("depth_transport") == "compressedDepth"
            topic = self._node.resolve_topic_name("depth") + "/compressedDepth" * pressed
            kind = CompressedImage if pressed else Image
            self._subscriptions.append(self._subscribe(kind, topic, self._depths.add, qos))
            self._explain_depth = partial(explain, node, topic, kind, qos)

    def at(self, header: Header, deadline: float, stopped: Callable[[], bool]) -> SensorData:
        """Pose, camera and depth at a stamp; wait until a deadline (monotonic, seconds).

        Raises:
            PoseError: there is no pose at the stamp.
        """
        stamp = nanoseconds(header.stamp)
        if stamp < self._newest - JUMP and isinstance(self._poses, TfPoses):
            self._poses.reset()  # a bag started again; a PoseBuffer detects that itself
        self._newest = stamp
        pose = wait_for_pose(self._poses, stamp, deadline, stopped)
        camera = self._camera_of(header.frame_id, stamp, deadline, stopped)
        return SensorData(pose, camera, self._depth_of(stamp, deadline, camera))

    def reset(self) -> None:
        """Delete all poses, after a jump in time."""
        self._poses.reset()

    def explain(self) -> str:
        """Who publishes poses, and why none arrive."""
        topic, type_name = self._poses.topic, self._poses.type_name
        return f"{topic}: {explain_input(self._node, topic, type_name, self._qos)}"

    def close(self) -> None:
        """Close the subscriptions."""
        self._poses.close()
        for one in self._subscriptions:
            self._node.destroy_subscription(one)

    def _pose_source(self) -> TopicPoses | TfPoses:
        frame, length = self._get("map_frame"), self._get("pose_buffer")
        sigmas = (self._get("position_sigma"), self._get("heading_sigma"))
        kinds: dict[str, Any] = {"odom": Odometry, "pose": PoseStamped}
        source = self._get("pose_source")
        if source == "tf":
            return TfPoses(self._node, frame, self._get("base_frame"), sigmas, length)
        return TopicPoses(
            self._node,
            kinds[source],
            source,
            frame=frame,
            sigmas=sigmas,
            length=length,
            gap=self._get("pose_gap"),
            qos=self._qos,
            refuse=self._refuse,
            check_stamp=self._check_stamp,
        )

    def _camera_of(
        self, frame: str, stamp: int, deadline: float, stopped: Callable[[], bool]
    ) -> Camera | None:
        info = self._info
        if info is None:
            return None
        camera = camera_from_info(info, self._mount)
        if camera is None:
            text = f"camera_info of {info.width}x{info.height} has the focal lengths {info.k[0]:g} "
            text += f"and {info.k[4]:g} (K), {info.p[0]:g} and {info.p[5]:g} (P); expected those of"
            text += " a calibrated camera, in pixels: it is ignored"
            self._refuse("camera_info", text)
            return None
        if not isinstance(self._poses, TfPoses):
            return camera
        try:
            at = partial(self._poses.mount, frame)
            return replace(camera, mount=wait_for_pose(self._poses, stamp, deadline, stopped, at))
        except PoseError as error:
            text = f"{error}: the camera is taken to be where camera_x to camera_pitch say"
            self._refuse("camera_frame", text)
            return camera

    def _refuse(self, reason: str, text: str) -> None:
        """Count a message that can't be used; log the first one of each reason."""
        self._statistics.refused(reason, text)
        if reason not in self._logged:
            self._logged.add(reason)
            self._node.get_logger().warning(f"{reason}: {text}")

    def _depth_of(self, stamp: int, deadline: float, camera: Camera | None) -> np.ndarray | None:
        if self._depths is None:
            return None
        if camera is None:
            if self._info is None:
                text = "depth can't be used without camera_info, and none was received; "
                self._refuse("no_camera_info", text + self._explain_info())
            return None
        patience = max(0.0, deadline - monotonic())
        message = self._depths.at(stamp, self._get("depth_slop"), patience)
        if message is None:
            text = f"no depth within depth_slop {self._get('depth_slop'):g} s of a caption's stamp"
            self._refuse("no_depth", f"{text}; {self._explain_depth()}")
            return None
        try:
            depth = read_depth(message)
        except ImageError as error:
            self._refuse(f"depth_{error.reason}", f"malformed depth: {error}")
            return None
        if depth.shape != (camera.height, camera.width):
            height, width = depth.shape
            text = f"depth of {width}x{height}, camera_info of {camera.width}x{camera.height}: "
            text += "give depth that is registered to the captioned image"
            self._refuse("depth_size", text)
            return None
        return depth

    def _on_info(self, message: CameraInfo) -> None:
        self._info = message

    def _subscribe(
        self, kind: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile
    ) -> Any:
        group = MutuallyExclusiveCallbackGroup()
        return self._node.create_subscription(kind, topic, callback, qos, callback_group=group)

    def _get(self, name: str) -> Any:
        return self._node.get_parameter(name).value


def explain(node: Node, topic: str, kind: type, qos: QoSProfile) -> str:
    """Who publishes a topic of sensor_msgs, and why no message arrives."""
    return f"{topic}: {explain_input(node, topic, f'sensor_msgs/msg/{kind.__name__}', qos)}"


def camera_mount(position: tuple[float, float, float], yaw: float, pitch: float) -> Pose:
    """Pose of a camera in the robot's frame: metres; yaw left and pitch down, in radians."""
    turn = Rotation.from_euler("ZY", [yaw, pitch]) * Rotation.from_quat(OPTICAL)
    x, y, z, w = turn.as_quat().tolist()
    return Pose(position, (x, y, z, w))
