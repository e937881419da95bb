# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption and remember in Gazebo: `ros2 launch mmser_ros gazebo.launch.py world:=turtlebot4`.

It takes the arguments of bringup.launch.py and viewer.launch.py, too.
"""

from launch import LaunchDescription

from mmser_ros.nodes.common.launch_robots import robot_description

WORLDS = {
    "turtlebot4": "turtlebot4_gazebo",
    "turtlebot3": "turtlebot3_gazebo",
    "own": "own_gazebo",
}


def generate_launch_description() -> LaunchDescription:
    """Start Gazebo with a robot, or the bridge to a running one, and the nodes."""
    return robot_description("world", WORLDS, viewer="rerun")
