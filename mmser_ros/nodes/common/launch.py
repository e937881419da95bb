# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files of our nodes have in common; needs ROS's launch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction, TimerAction
from launch.events.process import ProcessExited
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, TextSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from mmser_ros.nodes.common.dds_profile import use_large_shared_memory
from mmser_ros.nodes.common.parameter_files import read_sections
from mmser_ros.nodes.common.parameters import Parameter

RESPAWN_DELAY = 2.0  # seconds


class LaunchError(RuntimeError):
    """A launch that can't be as asked, or a node that gave up; it ends with exit status 1."""


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
    name: str,
    params_file: str,
    parameters: Iterable[Parameter],
    topics: Mapping[str, TopicArgument],
) -> LaunchDescription:
    """Arguments and node of a launch file.

    Args:
        name: of the node and its executable.
        params_file: in config/.
        parameters: of the node; those with `launch` are arguments, too. Left empty, the parameter
            file decides.
        topics: arguments that name topics.
    """
    use_large_shared_memory()  # for the nodes that are launched after this one, too
    overrides = [one for one in parameters if one.launch]

    def start(context: LaunchContext) -> list[TimerAction]:
        def value(argument: str) -> str:
            return LaunchConfiguration(argument).perform(context)

        given = {one.name: _given(one, value(one.name)) for one in overrides if value(one.name)}
        if value("use_sim_time").lower() == "true":
            given["use_sim_time"] = True
        file = Path(value("params_file")).expanduser()
        read_sections(file)  # ROS's launch would go on without it
        options: dict[str, Any] = {
            "namespace": value("namespace"),
            "parameters": [file, given],
            "remappings": [(one.topic, value(argument)) for argument, one in topics.items()],
            "arguments": ["--ros-args", "--log-level", value("log_level")],
        }

        configurations, environment = dict(context.launch_configurations), dict(context.environment)

        def restore(context: LaunchContext) -> None:
            context.launch_configurations.update(configurations)
            context.environment.update(environment)

        def node_after(seconds: float) -> TimerAction:
            node = Node(
                package="mmser_ros",
                executable=name,
                name=name,
                output="screen",
                on_exit=ended,
                **options,
            )
            # By then a group that the launch file is in, such as one with a namespace, has ended.
            group = GroupAction([OpaqueFunction(function=restore), node])
            return TimerAction(period=seconds, actions=[group])

        def ended(event: ProcessExited, context: LaunchContext) -> TimerAction | None:
            """Start the node again if a signal ended it; one that gave up has said why."""
            if event.returncode == 0 or context.is_shutdown:
                return None
            if event.returncode > 0:
                # Not at once: an exception here would keep the event from the handlers after this.
                msg = f"{name} ended with exit status {event.returncode}; its last line says why"
                return TimerAction(period=0.0, actions=[OpaqueFunction(function=_fail, args=[msg])])
            return node_after(RESPAWN_DELAY)

        # Not at once: ROS's launch ends without a node that is just starting if a launch file that
        # is included later can't be as asked.
        return [node_after(0.0)]

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
                choices=["true", "false", "True", "False"],
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


def _fail(_: LaunchContext, msg: str) -> None:
    raise LaunchError(msg)


def _given(parameter: Parameter, text: str) -> Any:
    """The value of a parameter that is an argument, for ROS's launch."""
    try:
        value = parameter.parse(text)
    except ValueError as error:
        msg = f"launch argument {parameter.name}:={text}: {error}"
        raise LaunchError(msg) from error
    if not isinstance(value, str):
        return value
    return ParameterValue(TextSubstitution(text=value), value_type=str)  # house 7 is no number


def _override(parameter: Parameter) -> DeclareLaunchArgument:
    free = isinstance(parameter.default, str) and not parameter.choices
    values = "" if free else f"Values: {parameter.expected()}. "
    shipped = json.dumps(parameter.default)
    return DeclareLaunchArgument(
        parameter.name,
        default_value="",
        description=f"{parameter.descriptor().description} {values}Empty: as params_file says "
        f"(as shipped: {shipped}).",
    )
