# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot in a furnished home: `ros2 launch mmser_ros simulation.launch.py seed:=34`."""

from launch import LaunchDescription

from mmser_ros.nodes.common.launch import node_description
from mmser_ros.nodes.simulation.parameters import SIMULATION_PARAMETERS


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    return node_description("simulation_node", "simulation.yaml", SIMULATION_PARAMETERS, {})
