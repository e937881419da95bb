# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Look at what the robot sees and remembers: `ros2 launch mmser_ros viewer.launch.py`."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_context import LaunchContext
from launch.substitutions import EqualsSubstitution, LaunchConfiguration
from launch_ros.actions import Node

from mmser_ros.core.resources import share_path
from mmser_ros.nodes.common.launch import TopicArgument, node_description
from mmser_ros.nodes.common.launch_robots import check_package
from mmser_ros.nodes.viewer.parameters import VIEWER_PARAMETERS

TOPICS = {
    "image_topic": TopicArgument(
        "image", "/camera/image_raw", "The camera's image topic, without /compressed."
    ),
    "caption_topic": TopicArgument("scene_caption", "scene_caption", "Captions of caption_node."),
    "odom_topic": TopicArgument("odom", "odom", "Odometry, for pose_source: odom."),
    "pose_topic": TopicArgument("pose", "pose", "PoseStamped, for pose_source: pose."),
}
OTHERS = {
    "foxglove": ("foxglove_bridge", "foxglove_bridge", []),
    "rviz": ("rviz2", "rviz2", ["-d", str(share_path("config/mmser.rviz"))]),
}
"""Package, executable and arguments."""


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start what was chosen."""
    rerun = node_description("viewer_node", "viewer.yaml", VIEWER_PARAMETERS, TOPICS)
    is_rerun = IfCondition(EqualsSubstitution(LaunchConfiguration("viewer"), "rerun"))
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "viewer",
                default_value="rerun",
                choices=["rerun", *OTHERS, "none"],
                description="rerun: viewer_node. foxglove: foxglove_bridge, for Foxglove with "
                "config/foxglove_layout.json. rviz: RViz with config/mmser.rviz.",
            ),
            GroupAction(rerun.entities, condition=is_rerun),
            OpaqueFunction(function=start_other),
        ]
    )


def start_other(context: LaunchContext) -> list[Node]:
    """Start a viewer that is not ours."""
    chosen = context.launch_configurations["viewer"]
    if chosen not in OTHERS:
        return []
    package, executable, arguments = OTHERS[chosen]
    check_package(package, f"viewer:={chosen}", "viewer:=rerun")
    return [Node(package=package, executable=executable, arguments=arguments, output="screen")]
