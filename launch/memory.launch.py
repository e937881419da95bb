# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Remember what is captioned: `ros2 launch mmser_ros memory.launch.py map_id:=house`."""

from launch import LaunchDescription

from mmser_ros.nodes.common.launch import TopicArgument, node_description
from mmser_ros.nodes.memory.parameters import NODE_PARAMETERS

TOPICS = {
    "caption_topic": TopicArgument("scene_caption", "scene_caption", "Captions of caption_node."),
    "odom_topic": TopicArgument("odom", "odom", "Odometry, for pose_source:=odom."),
    "pose_topic": TopicArgument("pose", "pose", "PoseStamped, for pose_source:=pose."),
    "depth_topic": TopicArgument("depth", "depth", "Depth, for use_depth:=true."),
    "camera_info_topic": TopicArgument(
        "camera_info", "/camera/camera_info", "CameraInfo of the camera that is captioned."
    ),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    return node_description("memory_node", "memory.yaml", NODE_PARAMETERS, TOPICS)
