# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Print the captions of caption_node: python subscribe_captions.py."""

from contextlib import suppress

import rclpy
from mmser_ros.msg import SceneCaption
from rclpy.node import Node


class CaptionPrinter(Node):
    """Subscribes to scene_caption."""

    def __init__(self) -> None:
        super().__init__("caption_printer")
        self.create_subscription(SceneCaption, "scene_caption", self.print_caption, 10)

    def print_caption(self, message: SceneCaption) -> None:
        """Print a caption with the time of its image."""
        stamp = message.header.stamp
        print(f"{stamp.sec}.{stamp.nanosec:09d}: {message.caption}", flush=True)


rclpy.init()
with suppress(KeyboardInterrupt):
    rclpy.spin(CaptionPrinter())
