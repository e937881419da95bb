# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import sys
from types import ModuleType, SimpleNamespace

import pytest
import rclpy.action
from geometry_msgs.msg import PoseStamped
from rclpy.task import Future

from mmser_ros.nodes.memory.goals import GoalSender
from test.nodes.conftest import wait_until


@pytest.fixture
def peer(make_peer):
    return make_peer("/goals")


def goal(x):
    message = PoseStamped()
    message.pose.position.x = x
    return message


def test_a_topic(peer):
    heard = []
    peer.node.create_subscription(PoseStamped, "goal_pose", heard.append, 10)
    sender = GoalSender(peer.node, "")
    wait_until(lambda: peer.node.count_subscribers("goal_pose") == 1, "the subscription")
    wait_until(lambda: sender._publisher.get_subscription_count() == 1, "the connection")
    assert sender.send(goal(2.0)) == "sent to /goals/goal_pose"
    wait_until(lambda: heard, "the goal")
    assert heard[0].pose.position.x == 2.0
    sender.close()


class Client:
    """What GoalSender uses of an ActionClient."""

    ready, sent = False, []

    def __init__(self, node, kind, name):
        self.name = name

    def server_is_ready(self):
        return self.ready

    def send_goal_async(self, asked):
        Client.sent.append((self.name, asked.pose))
        future = Future()
        future.set_result(SimpleNamespace(accepted=True))
        return future

    def destroy(self):
        pass


def test_nav2_where_it_is_installed(peer, monkeypatch):
    package, module = ModuleType("nav2_msgs"), ModuleType("nav2_msgs.action")
    module.NavigateToPose = SimpleNamespace(Goal=lambda pose: SimpleNamespace(pose=pose))
    package.action = module
    monkeypatch.setitem(sys.modules, "nav2_msgs", package)
    monkeypatch.setitem(sys.modules, "nav2_msgs.action", module)
    monkeypatch.setattr(rclpy.action, "ActionClient", Client)
    sender = GoalSender(peer.node, "navigate_to_pose")
    assert sender.send(goal(1.0)) == "not sent: the action has no server"
    monkeypatch.setattr(Client, "ready", True)
    assert sender.send(goal(3.0)) == "sent to Nav2"
    assert Client.sent == [("navigate_to_pose", goal(3.0))]
    sender.close()


def test_without_nav2_the_topic_serves(peer, monkeypatch):
    monkeypatch.setitem(sys.modules, "nav2_msgs", None)
    sender = GoalSender(peer.node, "navigate_to_pose")
    assert sender.send(goal(1.0)) == "sent to /goals/goal_pose"
    sender.close()
