# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The topics that viewer_node shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import OccupancyGrid, Odometry, Path
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.msg import SceneAnswer, SceneCaption, SceneGraph
from mmser_ros.nodes.common.graph_subscriber import SceneGraphListener
from mmser_ros.nodes.common.image_conversions import ImageError, compressed_to_rgb, to_rgb
from mmser_ros.nodes.common.scene_conversions import nanoseconds

if TYPE_CHECKING:
    from mmser_ros.nodes.viewer.recording import SceneRecording

IMAGES = 100
"""How many images wait for their caption."""
SILENCE = 2.0
"""Seconds without a caption after which images are shown as they come."""
POSE_PERIOD = 0.1
"""Seconds between two poses that are shown."""
LASTING = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class ShownGraph(SceneGraphListener):
    """The scene graph, which goes to a recording whenever it changes."""

    def __init__(self, node: Node, recording: SceneRecording) -> None:
        self._recording = recording
        super().__init__(node)

    def take(self, message: SceneGraph) -> None:
        """See GraphReceiver."""
        super().take(message)
        nodes, edges = list(self.nodes.values()), list(self.edges.values())
        self._recording.graph(nodes, edges, nanoseconds(message.header.stamp))


class ViewerInputs:
    """Subscribes, and logs to a recording what comes.

    An image is shown with its caption; without a captioner, as it comes.

    Args:
        node: to subscribe with, and its parameters.
        recording: to log to.

    Attributes:
        counts: messages by topic.
        malformed: why the last image could not be read; empty: it could.
    """

    def __init__(self, node: Node, recording: SceneRecording) -> None:
        self.counts: Counter[str] = Counter()
        self.malformed = ""
        self._node, self._recording = node, recording
        self._images: dict[int, Image | CompressedImage] = {}
        self._captioned_at = self._posed_at = -SILENCE
        self._group = MutuallyExclusiveCallbackGroup()
        reliability = ReliabilityPolicy[self._get("qos_reliability").upper()]
        sensor = QoSProfile(depth=10, reliability=reliability)
        pressed = self._get("image_transport") == "compressed"
        image = node.resolve_topic_name("image") + "/compressed" * pressed
        pose = Odometry if self._get("pose_source") == "odom" else PoseStamped
        self._subscriptions: list[Any] = []
        self._subscribe(CompressedImage if pressed else Image, image, self._on_image, sensor)
        self._subscribe(SceneCaption, "scene_caption", self._on_caption, QoSProfile(depth=20))
        self._subscribe(pose, self._get("pose_source"), self._on_pose, sensor)
        self._subscribe(Path, "plan", self._on_plan, QoSProfile(depth=5))
        self._subscribe(OccupancyGrid, "map", self._recording.grid, LASTING)
        answers = "memory_node/answer"
        self._subscribe(SceneAnswer, answers, self._on_answer, QoSProfile(depth=5))
        self._graph = ShownGraph(node, recording)

    def close(self) -> None:
        """Close the topics."""
        self._graph.close()
        for one in self._subscriptions:
            self._node.destroy_subscription(one)

    def _get(self, name: str) -> Any:
        return self._node.get_parameter(name).value

    def _subscribe(
        self, kind: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile
    ) -> None:
        def count(message: Any) -> None:
            self.counts[topic] += 1
            callback(message)

        self._subscriptions.append(
            self._node.create_subscription(kind, topic, count, qos, callback_group=self._group)
        )

    def _on_image(self, message: Image | CompressedImage) -> None:
        if monotonic() - self._captioned_at > SILENCE:
            self._show(message)
        self._images[nanoseconds(message.header.stamp)] = message
        if len(self._images) > IMAGES:
            del self._images[next(iter(self._images))]

    def _show(self, message: Image | CompressedImage) -> None:
        try:
            pixels = to_rgb(message) if isinstance(message, Image) else compressed_to_rgb(message)
        except ImageError as error:
            self.malformed = str(error)
            return
        self.malformed = ""
        self._recording.image(pixels, nanoseconds(message.header.stamp))

    def _on_caption(self, message: SceneCaption) -> None:
        self._captioned_at = monotonic()
        image = self._images.pop(nanoseconds(message.header.stamp), None)
        if image is not None:
            self._show(image)
        self._recording.caption(message)

    def _on_pose(self, message: PoseStamped | Odometry) -> None:
        if monotonic() - self._posed_at > POSE_PERIOD:
            self._posed_at = monotonic()
            pose = message.pose.pose if isinstance(message, Odometry) else message.pose
            self._recording.pose(pose, nanoseconds(message.header.stamp))

    def _on_plan(self, message: Path) -> None:
        poses = [one.pose for one in message.poses]
        self._recording.plan(poses, nanoseconds(message.header.stamp))

    def _on_answer(self, message: SceneAnswer) -> None:
        stamp = nanoseconds(message.pose.header.stamp) or self._node.get_clock().now().nanoseconds
        self._recording.answer(message.question, message.text, stamp)
