# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption and remember on a robot: `ros2 launch mmser_ros robot.launch.py camera:=realsense`.

It takes the arguments of bringup.launch.py and viewer.launch.py, too.
"""

from launch import LaunchDescription

from mmser_ros.nodes.common.launch_robots import robot_description

CAMERAS = ("realsense", "oakd", "usb_cam", "v4l2_camera", "turtlebot4")


def generate_launch_description() -> LaunchDescription:
    """Start the camera's driver and the nodes."""
    return robot_description("camera", {one: one for one in CAMERAS}, viewer="none")
