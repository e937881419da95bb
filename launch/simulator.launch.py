# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A home, its robot, captions, memory and a viewer: `ros2 launch mmser_ros simulator.launch.py`.

It takes the arguments of simulation.launch.py, bringup.launch.py and viewer.launch.py.
"""

from launch import LaunchDescription

from mmser_ros.core.resources import share_path
from mmser_ros.nodes.common.launch_robots import include, include_apart, set_defaults


def generate_launch_description() -> LaunchDescription:
    """Start all of it."""
    defaults = set_defaults(
        params_file=str(share_path("config/simulator.yaml")),
        image_topic="image",
        camera_info_topic="camera_info",
    )
    return LaunchDescription(
        [defaults, include_apart("simulation"), include_apart("viewer"), include("bringup")]
    )
