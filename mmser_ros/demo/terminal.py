# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions, goals and answers in a terminal; questions from it."""

from __future__ import annotations

import sys
from threading import Thread

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from mmser_ros.core.console import print_caption
from mmser_ros.core.types import SECOND
from mmser_ros.msg import SceneAnswer, SceneCaption
from mmser_ros.nodes.common.scene_conversions import nanoseconds

LASTING = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

GO = "go to "


class Terminal:
    """Prints what a robot says; a line that is typed is a question to its memory.

    Args:
        node: to subscribe with, in the robot's namespace; it must be spun.
    """

    def __init__(self, node: Node) -> None:
        self._questions = node.create_publisher(String, "memory_node/ask", 10)
        node.create_subscription(SceneCaption, "scene_caption", self._on_caption, 20)
        node.create_subscription(String, "goal_status", self._on_goal, LASTING)
        node.create_subscription(SceneAnswer, "memory_node/answer", self._on_answer, 10)
        Thread(target=self._read, daemon=True).start()  # nothing ends a read of the terminal

    def _read(self) -> None:
        for line in sys.stdin:
            question = line.strip().removeprefix(GO).strip()
            if question:
                self._questions.publish(String(data=question))

    def _on_caption(self, message: SceneCaption) -> None:
        before = f"{nanoseconds(message.header.stamp) / SECOND:8.2f} s  "
        print_caption(message.initial_caption, message.caption, before, "")

    def _on_goal(self, message: String) -> None:
        print(f"goal: {message.data}", flush=True)

    def _on_answer(self, message: SceneAnswer) -> None:
        print(f"{message.question}: {message.text}", flush=True)
