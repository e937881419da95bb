# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Little memory and few cores: `ros2 launch mmser_ros jetson.launch.py image_topic:=/camera`.

Compressed images, int8 weights, both nodes in one process, at most two captions a second. It takes
the arguments of bringup.launch.py.
"""

from launch import LaunchDescription

from mmser_ros.nodes.common.launch_robots import include, set_defaults


def generate_launch_description() -> LaunchDescription:
    """Start both nodes."""
    defaults = set_defaults(
        image_transport="compressed",
        device="cpu",
        quantize="int8",
        max_rate="2.0",
        one_process="true",
    )
    return LaunchDescription([defaults, include("bringup")])
