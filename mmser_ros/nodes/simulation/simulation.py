# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A home with its robot, and the topics that steer it; needs MuJoCo."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from geometry_msgs.msg import PoseStamped, Twist, TwistStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from mmser_ros.core.geometry import is_valid_pose
from mmser_ros.nodes.common.scene_conversions import pose_from_message
from mmser_ros.nodes.simulation.caption_gate import CaptionGate
from mmser_ros.nodes.simulation.driver import Driver, DrivingError
from mmser_ros.nodes.simulation.outputs import SimulationOutputs
from mmser_ros.nodes.simulation.worker import SimulationWorker
from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.split import Split
from mmser_ros.simulation.navigation import free_space


class Simulation:
    """What simulation_node has from configure to cleanup.

    Args:
        node: to subscribe and publish with, and its parameters.

    Attributes:
        worker: in whose thread time goes by.
        gate: of lockstep.
        refusal: why the last command or goal can't be followed; empty: it can.

    Raises:
        SimulatorError: the home has no free place, or nothing can be rendered here.
    """

    def __init__(self, node: Node) -> None:
        self.refusal = ""
        self._goals = 0
        self._node, self._opened = node, ExitStack()
        self._home = make_home(self._get("seed"), Split(self._get("split")))
        space = free_space(self._home)
        self._driver = Driver(space)
        self.gate = CaptionGate(node)
        self._opened.callback(self.gate.close)
        outputs = SimulationOutputs(node)
        self._opened.callback(outputs.close)
        self.worker = SimulationWorker(node, self._home, space, self._driver, outputs, self.gate)
        self._opened.callback(self.worker.close)
        try:
            self.worker.open()
        except Exception:
            self.close()
            raise
        stamped = self._get("cmd_vel_type") == "TwistStamped"
        self._subscribe(TwistStamped if stamped else Twist, "cmd_vel", self._on_velocity)
        if self._get("drive_to_goals"):
            self._subscribe(PoseStamped, "goal_pose", self._on_goal)

    def __str__(self) -> str:
        rooms = ", ".join(one.name for one in self._home.plan.rooms)
        return f"home {self._home.seed} ({rooms}), {len(self._home.objects)} objects"

    def close(self) -> None:
        """End the thread, and close the topics."""
        self._opened.close()

    def facts(self) -> dict[str, str]:
        """Values for diagnostics."""
        return {
            "home": f"{self._home.seed} ({self._home.split.value})",
            "goals": str(self._goals),
            "goal": self._driver.status,
            "images": str(self.worker.images),
            "bumps": str(self.worker.bumps),
        }

    def _get(self, name: str) -> Any:
        return self._node.get_parameter(name).value

    def _subscribe(self, kind: type, topic: str, callback: Any) -> None:
        group = MutuallyExclusiveCallbackGroup()
        one = self._node.create_subscription(kind, topic, callback, 10, callback_group=group)
        self._opened.callback(self._node.destroy_subscription, one)

    def _on_velocity(self, message: Twist | TwistStamped) -> None:
        twist = message.twist if isinstance(message, TwistStamped) else message
        try:
            self._driver.command(twist.linear.x, twist.angular.z, self._get("cmd_vel_timeout"))
            self.refusal = ""
        except DrivingError as error:
            self._refuse(str(error))

    def _on_goal(self, message: PoseStamped) -> None:
        expected, given = self._get("map_frame"), message.header.frame_id
        pose = pose_from_message(message.pose)
        if given != expected:
            self._refuse(f"a goal in frame {given!r}; expected map_frame, {expected!r}")
        elif not is_valid_pose(pose):
            self._refuse(f"a goal at {pose}; expected finite numbers and a unit quaternion")
        else:
            self._goals += 1
            self._driver.go_to(pose, self._get("goal_tolerance"))
            self.refusal = ""

    def _refuse(self, text: str) -> None:
        self.refusal = text
        self._node.get_logger().warning(text, throttle_duration_sec=5.0)
