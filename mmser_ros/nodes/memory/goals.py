# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sends navigation goals, to a topic or to Nav2's action."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import PoseStamped
from rclpy.node import Node


class GoalSender:
    """Publishes goals on `goal_pose`, or sends them to a NavigateToPose action.

    Args:
        node: to publish with.
        action: name of the action; empty: use the topic. Without nav2_msgs, the topic is used with
            a warning.
    """

    def __init__(self, node: Node, action: str) -> None:
        self._node = node
        self._publisher = node.create_publisher(PoseStamped, "goal_pose", 10)
        self._client: Any = None
        self._type: Any = None
        if not action:
            return
        try:
            from nav2_msgs.action import NavigateToPose
        except ImportError:
            node.get_logger().warning(
                f"goal_action is {action}, and nav2_msgs is not installed: goals go to goal_pose"
            )
            return
        from rclpy.action import ActionClient

        self._type = NavigateToPose
        self._client = ActionClient(node, NavigateToPose, action)

    def send(self, goal: PoseStamped) -> str:
        """Send a goal; return the result as text."""
        if self._client is None:
            self._publisher.publish(goal)
            return f"sent to {self._publisher.topic_name}"
        if not self._client.server_is_ready():
            return "not sent: the action has no server"
        self._client.send_goal_async(self._type.Goal(pose=goal)).add_done_callback(self._answered)
        return "sent to Nav2"

    def close(self) -> None:
        """Close the topic and the action client."""
        self._node.destroy_publisher(self._publisher)
        if self._client is not None:
            self._client.destroy()

    def _answered(self, future: Any) -> None:
        if not future.result().accepted:
            self._node.get_logger().warning("Nav2 refused the goal")
