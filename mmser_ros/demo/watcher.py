# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Receives and prints the messages of the demo's nodes."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mmser_ros.core.console import print_caption
from mmser_ros.core.types import SECOND
from mmser_ros.msg import SceneCaption

RELIABLE = QoSProfile(depth=20)


class Watcher:
    """Receives images, captions and diagnostics, and prints captions as they arrive.

    Args:
        node: to subscribe with, in the namespace of the watched nodes.
        names: of the photographs in the images, in order.

    Attributes:
        images: name of the photograph by header of the image.
        captions: milliseconds from image to caption by header.
    """

    def __init__(self, node: Node, names: Sequence[str]) -> None:
        self._node, self._names = node, names
        self.images: dict[tuple, str] = {}
        self.captions: dict[tuple, float] = {}
        self._said: dict[str, dict[str, str]] = {"caption_node": {}, "memory_node": {}}
        node.create_subscription(Image, "image", self._on_image, RELIABLE)
        node.create_subscription(SceneCaption, "scene_caption", self._on_caption, RELIABLE)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, RELIABLE)

    def __str__(self) -> str:
        return (
            f"received {len(self.images)} images and {len(self.captions)} captions of "
            f"{len(self._names)}; {self._said}"
        )

    @property
    def dropped(self) -> dict[str, int]:
        """Numbers of images without a caption, by reason."""
        return self._dropped("caption_node")

    def memory_receives(self) -> bool:
        """Whether memory_node is ready to receive captions."""
        said = self._said["memory_node"]
        return said.get("state") == "active" and "QoS compatible" in said["input"]

    def captioned(self) -> bool:
        """Whether every image was received, and is captioned or dropped."""
        ended = len(self.captions) + sum(self.dropped.values())
        return len(self.images) == len(self._names) and ended >= len(self.images)

    def remembered(self) -> bool:
        """Whether memory_node has processed every caption."""
        ended = int(self._said["memory_node"].get("observed", 0))
        return ended + sum(self._dropped("memory_node").values()) >= len(self.captions)

    def _dropped(self, name: str) -> dict[str, int]:
        return {
            key.removeprefix("dropped."): int(value)
            for key, value in self._said[name].items()
            if key.startswith("dropped.")
        }

    def _on_image(self, message: Image) -> None:
        self.images[_key(message.header)] = self._names[len(self.images) % len(self._names)]

    def _on_caption(self, message: SceneCaption) -> None:
        now = self._node.get_clock().now().nanoseconds
        stamp = message.header.stamp
        latency = (now - stamp.sec * SECOND - stamp.nanosec) / 1e6
        self.captions[_key(message.header)] = latency
        name = self.images.get(_key(message.header), "an image that was not received")
        figures = f"  ({message.confidence:.2f}, {latency:.0f} ms)"
        print_caption(message.initial_caption, message.caption, f"{name}: ", figures)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            for name in self._said:
                if status.name.startswith(f"{self._node.get_namespace()}/{name}:"):
                    self._said[name] = {pair.key: pair.value for pair in status.values}


def _key(header: Header) -> tuple[int, int, str]:
    return header.stamp.sec, header.stamp.nanosec, header.frame_id
