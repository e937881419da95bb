# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Receives what a robot in a simulated home sees, says and knows, and what is true of it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String

from mmser_ros.core.types import SECOND, Pose
from mmser_ros.demo.watcher import RELIABLE, Watcher
from mmser_ros.msg import SceneCaption
from mmser_ros.nodes.common.graph_subscriber import SceneGraphListener
from mmser_ros.nodes.common.image_conversions import to_rgb
from mmser_ros.nodes.common.scene_conversions import nanoseconds, pose_from_message
from mmser_ros.simulation.home.ground_truth import GroundTruth

GROWTH = 5
"""Objects more in the graph after which its size is printed again."""


@dataclass(frozen=True)
class Sight:
    """An image with its caption and its truth.

    Attributes:
        image: (height, width, 3) uint8 RGB.
        caption: of the image.
        initial: caption of the first pass.
        truth: of the view.
        pose: true one of the robot.
    """

    image: np.ndarray
    caption: str
    initial: str
    truth: GroundTruth
    pose: Pose


class HouseWatcher(Watcher):
    """Also keeps each image with its caption and its truth, and follows the robot.

    Attributes:
        sights: in the order of the captions.
        seconds: simulated time of the last caption.
        goal: what became of the last goal; empty: not known yet.
        position: of the robot in the map, in metres; None: not known yet.
        driven: metres so far.
    """

    def __init__(self, node: Node) -> None:
        super().__init__(node, 0, lambda _, stamp: f"{stamp / SECOND:6.1f} s")
        self.sights: list[Sight] = []
        self.seconds = self.driven = 0.0
        self.goal = ""
        self.position: tuple[float, float] | None = None
        self._graph = SceneGraphListener(node)
        self._objects = 0
        self._images: dict[int, np.ndarray] = {}
        self._truths: dict[int, tuple[GroundTruth, Pose]] = {}
        node.create_subscription(String, "ground_truth", self._on_truth, RELIABLE)
        node.create_subscription(PoseStamped, "pose", self._on_pose, QoSProfile(depth=100))
        node.create_subscription(String, "goal_status", self._on_goal, RELIABLE)

    def on_image(self, message: Image) -> None:
        """See Watcher."""
        super().on_image(message)
        self._images[nanoseconds(message.header.stamp)] = to_rgb(message)

    def on_caption(self, message: SceneCaption) -> None:
        """See Watcher."""
        super().on_caption(message)
        stamp = nanoseconds(message.header.stamp)
        self.seconds = stamp / SECOND
        if stamp in self._images and stamp in self._truths:
            image, truth = self._images.pop(stamp), self._truths.pop(stamp)
            self.sights.append(Sight(image, message.caption, message.initial_caption, *truth))
        self._print_growth()

    def _print_growth(self) -> None:
        layers = [one.layer for one in self._graph.nodes.values()]
        objects = layers.count("object")
        if objects >= self._objects + GROWTH:
            self._objects = objects
            joined = sum(edge.source.startswith("object:") for edge in self._graph.edges.values())
            rooms = layers.count("room")
            print(f"memory: {objects} objects, {joined} relations, {rooms} rooms", flush=True)

    def _on_truth(self, message: String) -> None:
        told = json.loads(message.data)
        pose = Pose(tuple(told["pose"]["position"]), tuple(told["pose"]["orientation"]))
        self._truths[told["stamp"]] = GroundTruth.from_dict(told), pose

    def _on_pose(self, message: PoseStamped) -> None:
        x, y, _ = pose_from_message(message.pose).position
        if self.position is not None:
            self.driven += math.dist(self.position, (x, y))
        self.position = x, y

    def _on_goal(self, message: String) -> None:
        if message.data.startswith(("reached", "refused")):
            self.goal = message.data
