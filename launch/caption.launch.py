# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption a camera: `ros2 launch mmser_ros caption.launch.py image_topic:=/camera/image_raw`."""

import os

from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

SHARE = FindPackageShare("mmser_ros")
PROFILES = "FASTRTPS_DEFAULT_PROFILES_FILE"
# Arguments that are parameters of the node: left empty, the parameter file decides.
OVERRIDES = {
    "image_transport": ("raw or compressed", str),
    "model": ("a shipped model's name or a checkpoint folder", str),
    "device": ("auto, cpu, cuda or cuda:N", str),
    "quantize": ("none, int8, bf16 or fp16", str),
    "passes": ("passes over a picture, 1 is the glance alone", int),
}


def caption_node(context: LaunchContext) -> list[Node]:
    """The node, with those parameters overridden that were given."""
    given = {name: LaunchConfiguration(name).perform(context) for name in OVERRIDES}
    overrides = {name: OVERRIDES[name][1](value) for name, value in given.items() if value}
    overrides["use_sim_time"] = LaunchConfiguration("use_sim_time").perform(context) == "true"
    return [
        Node(
            package="mmser_ros",
            executable="caption_node",
            name="caption_node",
            namespace=LaunchConfiguration("namespace"),
            output="screen",
            parameters=[LaunchConfiguration("params_file"), overrides],
            remappings=[("image", LaunchConfiguration("image_topic"))],
            arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    own = [
        DeclareLaunchArgument(
            "image_topic", default_value="/camera/image_raw", description="the camera's image topic"
        ),
        DeclareLaunchArgument(
            "params_file",
            default_value=PathJoinSubstitution([SHARE, "config", "caption.yaml"]),
            description="YAML of parameters",
        ),
        DeclareLaunchArgument("namespace", default_value="", description="of the node's topics"),
        DeclareLaunchArgument(
            "use_sim_time",
            default_value="false",
            choices=["true", "false"],
            description="take the time from /clock",
        ),
        DeclareLaunchArgument(
            "log_level",
            default_value="info",
            choices=["debug", "info", "warn", "error", "fatal"],
            description="what the node logs",
        ),
    ]
    overrides = [
        DeclareLaunchArgument(
            name, default_value="", description=f"{meaning}; empty: as params_file says"
        )
        for name, (meaning, _) in OVERRIDES.items()
    ]
    # Images are larger than Fast DDS's default shared memory; a profile of the user's stays.
    profile = [
        SetEnvironmentVariable(PROFILES, PathJoinSubstitution([SHARE, "config", "fastdds.xml"]))
    ]
    return LaunchDescription(
        [
            *own,
            *overrides,
            *([] if PROFILES in os.environ else profile),
            OpaqueFunction(function=caption_node),
        ]
    )
