# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the demo's own process hears of the others, and prints."""

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
    """Hears images, captions and diagnostics, and prints captions as they arrive.

    Args:
        node: to subscribe with, in the namespace of the nodes that are watched.
        names: of what the images show, in their order.

    Attributes:
        images: what each image shows, by its header.
        captions: milliseconds from image to caption, by the header.
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
            f"heard {len(self.images)} images and {len(self.captions)} captions of "
            f"{len(self._names)}; {self._said}"
        )

    @property
    def dropped(self) -> dict[str, int]:
        """Images by the reason they were not captioned."""
        return self._dropped("caption_node")

    def memory_hears(self) -> bool:
        """Whether captions reach memory_node, once there are some."""
        said = self._said["memory_node"]
        return said.get("state") == "active" and "QoS compatible" in said["input"]

    def captioned(self) -> bool:
        """Whether every image was heard and is captioned or dropped."""
        ended = len(self.captions) + sum(self.dropped.values())
        return len(self.images) == len(self._names) and ended >= len(self.images)

    def remembered(self) -> bool:
        """Whether memory_node is done with every caption."""
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
        name = self.images.get(_key(message.header), "an image not heard")
        figures = f"  ({message.confidence:.2f}, {latency:.0f} ms)"
        print_caption(message.initial_caption, message.caption, f"{name}: ", figures)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            for name in self._said:
                if status.name.startswith(f"{self._node.get_namespace()}/{name}:"):
                    self._said[name] = {pair.key: pair.value for pair in status.values}


def _key(header: Header) -> tuple[int, int, str]:
    return header.stamp.sec, header.stamp.nanosec, header.frame_id
