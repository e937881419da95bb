# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption a camera: `ros2 launch mmser_ros caption.launch.py image_topic:=/camera/image_raw`."""

from launch import LaunchDescription

from mmser_ros.nodes.caption.parameters import CAPTION_PARAMETERS
from mmser_ros.nodes.common.launch import TopicArgument, node_description

TOPICS = {
    "image_topic": TopicArgument(
        "image", "/camera/image_raw", "The camera's image topic, without /compressed."
    )
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    return node_description("caption_node", "caption.yaml", CAPTION_PARAMETERS, TOPICS)
