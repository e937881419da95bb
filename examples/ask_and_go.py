# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ask the memory for an object and send the robot there: python ask_and_go.py "red mug".

The goal goes to Nav2's action navigate_to_pose, or to the topic goal_pose without nav2_msgs.
"""

import sys
from typing import Any

import rclpy
from geometry_msgs.msg import PoseStamped
from mmser_ros.srv import QueryScene
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

try:
    from nav2_msgs.action import NavigateToPose
except ImportError:
    NavigateToPose = None

TIMEOUT = 30.0
"""Seconds to wait for the memory, for Nav2, and for their answers."""


def ask(node: Node, text: str) -> QueryScene.Response:
    """Call /memory_node/query."""
    client = node.create_client(QueryScene, "memory_node/query")
    if not client.wait_for_service(TIMEOUT):
        sys.exit(f"no service {client.srv_name}; start memory_node")
    return result(node, client.call_async(QueryScene.Request(text=text, k=1)))


def go(node: Node, goal: PoseStamped) -> str:
    """Send a goal; return where it went."""
    if NavigateToPose is None:
        publisher = node.create_publisher(PoseStamped, "goal_pose", 10)
        for _ in range(100):  # a message that nobody receives is lost
            if publisher.get_subscription_count():
                break
            rclpy.spin_once(node, timeout_sec=TIMEOUT / 100)
        else:
            sys.exit(f"nobody subscribes to {publisher.topic_name}; start Nav2")
        publisher.publish(goal)
        publisher.wait_for_all_acked()
        return publisher.topic_name
    navigator = ActionClient(node, NavigateToPose, "navigate_to_pose")
    if not navigator.wait_for_server(TIMEOUT):
        sys.exit("no action navigate_to_pose; start Nav2")
    accepted = result(node, navigator.send_goal_async(NavigateToPose.Goal(pose=goal))).accepted
    return "Nav2" if accepted else sys.exit("Nav2 refused the goal")


def result(node: Node, future: Any) -> Any:
    """Wait for an answer."""
    rclpy.spin_until_future_complete(node, future, timeout_sec=TIMEOUT)
    return future.result() if future.done() else sys.exit(f"no answer within {TIMEOUT:.0f} s")


rclpy.init(args=sys.argv)
question = remove_ros_args(sys.argv)[1]
asker = Node("ask_and_go")
answer = ask(asker, question)
if not answer.success:
    sys.exit(answer.message)
if not answer.matches:
    sys.exit(f"the memory knows no {question}")
if answer.stale:
    sys.exit(f"the memory is of another map, {answer.map_id}; its poses are not valid here")
best = answer.matches[0]
position = best.pose.pose.position
print(f'{best.node.label} ({best.score:.2f}), seen as "{best.node.caption}"')
print(f"goal ({position.x:.1f}, {position.y:.1f}) sent to {go(asker, best.pose)}")
