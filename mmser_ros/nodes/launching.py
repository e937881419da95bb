# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files of our nodes have in common; needs ROS's launch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from launch.actions import DeclareLaunchArgument, OpaqueFunction, TimerAction
from launch.events.process import ProcessExited
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, TextSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from mmser_ros.nodes.parameters import Parameter
from mmser_ros.nodes.transport import use_large_shared_memory

RESPAWN_DELAY = 2.0  # seconds


class TopicArgument(NamedTuple):
    """An argument of a launch file that names a topic.

    Attributes:
        topic: as the node calls it.
        default: as it is called elsewhere, where the argument is not given.
        description: of the argument.
    """

    topic: str
    default: str
    description: str


def shipped_parameters(file: str) -> PathJoinSubstitution:
    """Path of a file in config/."""
    return PathJoinSubstitution([FindPackageShare("mmser_ros"), "config", file])


def node_description(
    name: str, params_file: str, overrides: Iterable[Parameter], topics: Mapping[str, TopicArgument]
) -> LaunchDescription:
    """Arguments and node of a launch file.

    Args:
        name: of the node and its executable.
        params_file: in config/.
        overrides: parameters that are arguments, too; left empty, the parameter file decides.
        topics: arguments that name topics.
    """
    use_large_shared_memory()  # for the nodes that are launched after this one, too
    overrides = list(overrides)

    def start(context: LaunchContext) -> list[Node]:
        # Performed now: a node that comes back later may find another launch file's arguments.
        def value(argument: str) -> str:
            return LaunchConfiguration(argument).perform(context)

        given: dict = {
            one.name: ParameterValue(
                TextSubstitution(text=value(one.name)), value_type=type(one.default)
            )
            for one in overrides
            if value(one.name)
        }
        if value("use_sim_time") == "true":
            given["use_sim_time"] = True
        options = {
            "namespace": value("namespace"),
            "parameters": [value("params_file"), given],
            "remappings": [(one.topic, value(argument)) for argument, one in topics.items()],
            "arguments": ["--ros-args", "--log-level", value("log_level")],
        }

        def node() -> list[Node]:
            return [
                Node(
                    package="mmser_ros",
                    executable=name,
                    name=name,
                    output="screen",
                    on_exit=respawn_if_killed,
                    **options,
                )
            ]

        def respawn_if_killed(event: ProcessExited, context: LaunchContext) -> TimerAction | None:
            """Start the node again if a signal ended it; one that exited itself has said why."""
            if event.returncode >= 0 or context.is_shutdown:
                return None
            return TimerAction(period=RESPAWN_DELAY, actions=node())

        return node()

    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(
                    argument, default_value=topic.default, description=topic.description
                )
                for argument, topic in topics.items()
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=shipped_parameters(params_file),
                description="YAML file of the node's parameters.",
            ),
            *(_override(one) for one in overrides),
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
            OpaqueFunction(function=start),
        ]
    )


def _override(parameter: Parameter) -> DeclareLaunchArgument:
    choices = list(parameter.choices)
    if isinstance(parameter.default, bool):
        choices = ["true", "false"]
    return DeclareLaunchArgument(
        parameter.name,
        default_value="",
        choices=["", *choices] if choices else None,
        description=f"{parameter.description} Empty: as params_file says.",
    )
