# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption and remember in Isaac Sim: `ros2 launch mmser_ros isaac.launch.py robot:=carter`.

Start Isaac Sim with its ROS 2 bridge first. It takes the arguments of bringup.launch.py and
viewer.launch.py, too.
"""

from launch import LaunchDescription

from mmser_ros.nodes.common.launch_robots import robot_description

ROBOTS = {"carter": "isaac_carter", "camera": "isaac_camera"}


def generate_launch_description() -> LaunchDescription:
    """Start the nodes with the topics of Isaac Sim."""
    return robot_description("robot", ROBOTS, viewer="rerun")
