# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Receives and prints the messages of the demo's nodes."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from mmser_ros.core.console import print_caption
from mmser_ros.msg import SceneCaption
from mmser_ros.nodes.common.scene_conversions import nanoseconds

RELIABLE = QoSProfile(depth=20)
NAMES = ("caption_node", "memory_node")


class Watcher:
    """Receives images, captions and diagnostics, and prints captions as they arrive.

    Args:
        node: to subscribe with, in the namespace of the watched nodes.
        expected: number of images.
        name: what to print before the caption of an image: by its number and its stamp (ns).

    Attributes:
        images: when each came (monotonic seconds), by stamp and frame.
        captions: milliseconds from image to caption, by stamp and frame.
    """

    def __init__(self, node: Node, expected: int, name: Callable[[int, int], str]) -> None:
        self._node, self._expected, self._name = node, expected, name
        self.images: dict[tuple[int, str], float] = {}
        self.captions: dict[tuple[int, str], float] = {}
        self._numbers: dict[tuple[int, str], int] = {}
        self._said: dict[str, dict[str, str]] = {one: {} for one in NAMES}
        node.create_subscription(Image, "image", self.on_image, RELIABLE)
        node.create_subscription(SceneCaption, "scene_caption", self.on_caption, RELIABLE)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, RELIABLE)

    def __call__(self) -> str:
        """How far the nodes are, in words."""
        states = ", ".join(f"{one} is {self._said[one].get('state', 'silent')}" for one in NAMES)
        return (
            f"received {len(self.images)} images, {len(self.captions)} captions; {states}, "
            f"{self._observed} observations in the memory"
        )

    @property
    def dropped(self) -> dict[str, int]:
        """Numbers of images without a caption, by reason."""
        return self._dropped("caption_node")

    def memory_receives(self) -> bool:
        """Whether memory_node is ready to receive captions."""
        said = self._said["memory_node"]
        return said.get("state") == "active" and "QoS compatible" in said["input"]

    def settled(self) -> bool:
        """Whether every image so far is captioned or dropped."""
        return len(self.captions) + sum(self.dropped.values()) >= len(self.images)

    def captioned(self) -> bool:
        """Whether every image was received, and is captioned or dropped."""
        return len(self.images) == self._expected and self.settled()

    def remembered(self) -> bool:
        """Whether memory_node has processed every caption."""
        return self._observed + sum(self._dropped("memory_node").values()) >= len(self.captions)

    @property
    def _observed(self) -> int:
        return int(self._said["memory_node"].get("observed", 0))

    def _dropped(self, name: str) -> dict[str, int]:
        return {
            key.removeprefix("dropped."): int(value)
            for key, value in self._said[name].items()
            if key.startswith("dropped.")
        }

    def on_image(self, message: Image) -> None:
        """An image has come."""
        key = nanoseconds(message.header.stamp), message.header.frame_id
        self._numbers[key] = len(self._numbers)
        self.images[key] = monotonic()

    def on_caption(self, message: SceneCaption) -> None:
        """A caption has come."""
        key = nanoseconds(message.header.stamp), message.header.frame_id
        latency = 1000 * (monotonic() - self.images.get(key, monotonic()))
        self.captions[key] = latency
        name = "an image that was not received"
        if key in self._numbers:
            name = self._name(self._numbers[key], key[0])
        figures = f"  ({message.confidence:.2f}, {latency:.0f} ms)"
        print_caption(message.initial_caption, message.caption, f"{name}: ", figures)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            for name in self._said:
                if status.name.startswith(f"{self._node.get_namespace()}/{name}:"):
                    self._said[name] = {pair.key: pair.value for pair in status.values}
