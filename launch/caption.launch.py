# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption a camera: `ros2 launch mmser_ros caption.launch.py image_topic:=/camera/image_raw`."""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, TimerAction
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from mmser_ros.nodes.caption_parameters import CAPTION_PARAMETERS
from mmser_ros.nodes.transport import use_large_shared_memory

# Arguments that are parameters of the node: left empty, the parameter file decides.
OVERRIDES = [
    one
    for one in CAPTION_PARAMETERS
    if one.name in ("image_transport", "model", "device", "quantize", "passes")
]
RESPAWN_DELAY = 2.0  # seconds


def caption_node(context: LaunchContext) -> list[Node]:
    """The node, with those parameters overridden that were given."""
    overrides = {
        one.name: ParameterValue(LaunchConfiguration(one.name), value_type=type(one.default))
        for one in OVERRIDES
        if LaunchConfiguration(one.name).perform(context)
    }
    if LaunchConfiguration("use_sim_time").perform(context) == "true":
        overrides["use_sim_time"] = True
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
            on_exit=respawn_if_killed,
        )
    ]


def respawn_if_killed(event: ProcessExited, context: LaunchContext) -> TimerAction | None:
    """Start the node again if a signal ended it; one that exited by itself has said why."""
    if event.returncode >= 0 or context.is_shutdown:
        return None
    return TimerAction(period=RESPAWN_DELAY, actions=caption_node(context))


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node."""
    use_large_shared_memory()  # for the nodes that are launched after this one, too
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "image_topic",
                default_value="/camera/image_raw",
                description="The camera's image topic, without /compressed.",
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution(
                    [FindPackageShare("mmser_ros"), "config", "caption.yaml"]
                ),
                description="YAML file of the node's parameters.",
            ),
            *(
                DeclareLaunchArgument(
                    one.name,
                    default_value="",
                    choices=["", *one.choices] if one.choices else None,
                    description=f"{one.description} Empty: as params_file says.",
                )
                for one in OVERRIDES
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="Of the node and its topics."
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="false",
                choices=["true", "false"],
                description="true: take the time from /clock. false: as params_file says.",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                choices=["debug", "info", "warn", "error", "fatal"],
                description="The least level that is logged.",
            ),
            OpaqueFunction(function=caption_node),
        ]
    )
