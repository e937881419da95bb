# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The topics that simulation_node publishes."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import OccupancyGrid, Odometry, Path
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header, String

from mmser_ros.core.types import Pose
from mmser_ros.nodes.common.image_conversions import from_rgb
from mmser_ros.nodes.common.scene_conversions import pose_to_message, stamp_of
from mmser_ros.nodes.simulation import messages
from mmser_ros.nodes.simulation.driver import Driver
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.simulation.home.views import View
from mmser_ros.simulation.navigation import FreeSpace, Point, Velocity

LASTING = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class SimulationOutputs:
    """Publishes the clock, poses, what the camera sees, and what is true of it.

    What nobody subscribes to is not rendered.

    Args:
        node: to publish with, and its parameters.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        make = node.create_publisher
        self._clock = make(Clock, "/clock", 10) if self._get("publish_clock") else None
        self._odom = make(Odometry, "odom", 50)
        self._pose = make(PoseStamped, "pose", 50)
        self._image = make(Image, "image", 5)
        topic = node.resolve_topic_name("image") + "/compressed"
        self._compressed = make(CompressedImage, topic, 5)
        self._depth = make(Image, "depth", 5)
        self._info = make(CameraInfo, "camera_info", 5)
        self._truth = make(String, "ground_truth", 5)
        self._map = make(OccupancyGrid, "map", LASTING)
        self._plan = make(Path, "plan", LASTING)
        self._goal = make(String, "goal_status", LASTING)
        self._tf, self._static, self._tf_type = _tf_publishers(node)
        self._told: tuple[int, str, tuple[Point, ...]] = (0, "", ())

    def close(self) -> None:
        """Close the topics."""
        for one in vars(self).values():
            if isinstance(one, Publisher):
                self._node.destroy_publisher(one)

    def start(self, simulator: Simulator, space: FreeSpace, moment: int) -> None:
        """Publish what does not change: the map, and where the camera is on the robot."""
        stamp = stamp_of(moment)
        header = Header(stamp=stamp, frame_id=self._get("map_frame"))
        self._map.publish(messages.occupancy_grid(space, header))
        if self._static is not None:
            frames = self._get("base_frame"), self._get("camera_frame")
            mount = messages.transform(simulator.camera.mount, stamp, *frames)
            self._static.publish(self._tf_type(transforms=[mount]))

    def poses(self, simulator: Simulator, velocity: Velocity, moment: int) -> None:
        """Publish the clock, odometry, the pose in the map, and TF."""
        stamp, robot = stamp_of(moment), simulator.robot
        if self._clock is not None:
            self._clock.publish(Clock(clock=stamp))
        odom, base, world = (self._get(f"{one}_frame") for one in ("odom", "base", "map"))
        odometry = robot.odometry
        true = robot.pose if self._get("localization") == "perfect" else odometry
        header = Header(stamp=stamp, frame_id=odom)
        self._odom.publish(messages.odometry(odometry, velocity, header, base))
        header = Header(stamp=stamp, frame_id=world)
        self._pose.publish(PoseStamped(header=header, pose=pose_to_message(true)))
        if self._tf is not None:
            correction = messages.correction(true, odometry)
            transforms = [
                messages.transform(correction, stamp, world, odom),
                messages.transform(odometry, stamp, odom, base),
            ]
            self._tf.publish(self._tf_type(transforms=transforms))

    def frame(self, simulator: Simulator, view: View | None, moment: int) -> None:
        """Publish what the camera sees, the image last.

        Args:
            simulator: whose robot has it.
            view: now; None: nobody subscribes.
            moment: simulated, in nanoseconds.
        """
        header = Header(stamp=stamp_of(moment), frame_id=self._get("camera_frame"))
        self._info.publish(messages.camera_info(simulator.camera, header))
        if _heard(self._truth):
            pose: Pose = simulator.robot.pose
            text = messages.truth_json(simulator.ground_truth(), moment, pose)
            self._truth.publish(String(data=text))
        if view is None:
            return
        if _heard(self._depth):
            self._depth.publish(messages.depth_image(view.depth, header))
        if _heard(self._compressed):
            self._compressed.publish(messages.compressed_image(view.image, header))
        if _heard(self._image):
            self._image.publish(from_rgb(view.image, header))

    def is_seen(self) -> bool:
        """Whether anybody subscribes to images."""
        return _heard(self._image) or _heard(self._compressed)

    def is_watched(self) -> bool:
        """Whether anybody subscribes to images or depth."""
        return self.is_seen() or _heard(self._depth)

    def goal(self, driver: Driver, moment: int) -> None:
        """Publish the state of the goal and the way to it, when they or the goal have changed."""
        told = driver.goals, driver.status, tuple(driver.plan)
        if told[:2] != self._told[:2]:
            self._goal.publish(String(data=driver.status))
        if told[2] != self._told[2]:
            header = Header(stamp=stamp_of(moment), frame_id=self._get("map_frame"))
            self._plan.publish(messages.path(driver.plan, header))
        self._told = told

    def _get(self, name: str) -> Any:
        return self._node.get_parameter(name).value


def _heard(publisher: Publisher) -> bool:
    return publisher.get_subscription_count() > 0


def _tf_publishers(node: Node) -> tuple[Publisher | None, Publisher | None, Any]:
    """Of /tf and /tf_static; None where tf2_msgs is not installed, as with ROS from PyPI."""
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError:
        node.get_logger().info("tf2_msgs is not installed: no TF; poses are on odom and pose")
        return None, None, None
    lasting = node.create_publisher(TFMessage, "/tf_static", LASTING)
    return node.create_publisher(TFMessage, "/tf", 100), lasting, TFMessage
