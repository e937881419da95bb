# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files of our nodes have in common; needs ROS's launch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

import yaml
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction, TimerAction
from launch.events.process import ProcessExited
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from mmser_ros.nodes.common.dds_profile import use_large_shared_memory
from mmser_ros.nodes.common.parameter_files import VALUES, read_sections
from mmser_ros.nodes.common.parameters import Parameter

RESPAWN_DELAY = 2.0  # seconds
ONE_PROCESS = "one_process"
"""Argument of bringup.launch.py: nodes that are launched while it is true wait for …"""
TOGETHER = "mmser_nodes"
"""… `start_together`, under this name in the globals of the launch."""


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


class LaunchedNode(NamedTuple):
    """A node as a launch file starts it.

    Attributes:
        name: of the node and its executable.
        file: of its parameters.
        given: parameters that come before those of the file.
        remappings: topics by their names in the node.
    """

    name: str
    file: Path
    given: Mapping[str, Any]
    remappings: Mapping[str, str]


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
        remappings = {one.topic: value(argument) for argument, one in topics.items()}
        node = LaunchedNode(name, file, given, remappings)
        if context.launch_configurations.get(ONE_PROCESS) == "true":
            context.extend_globals({TOGETHER: [*_waiting(context), node]})
            return []
        return [start_process([node], context)]

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


def start_process(nodes: Sequence[LaunchedNode], context: LaunchContext) -> TimerAction:
    """Start one process with nodes; again if a signal ends it.

    Args:
        nodes: one, or several that `nodes` can run.
        context: with the arguments namespace and log_level.
    """
    names = [one.name for one in nodes]
    executable = names[0] if len(names) == 1 else "nodes"
    remappings = [
        argument
        for node in nodes
        for topic, other in node.remappings.items()
        for argument in ("-r", f"{node.name}:{topic}:={other}")
    ]
    level = ["--log-level", LaunchConfiguration("log_level").perform(context)]
    options: dict[str, Any] = {
        "namespace": LaunchConfiguration("namespace").perform(context),
        "parameters": [*dict.fromkeys(one.file for one in nodes), _write_parameters(nodes)],
        "arguments": [*names[: 0 if len(names) == 1 else None], "--ros-args", *level, *remappings],
    }
    configurations, environment = dict(context.launch_configurations), dict(context.environment)

    def restore(context: LaunchContext) -> None:
        context.launch_configurations.update(configurations)
        context.environment.update(environment)

    def process_after(seconds: float) -> TimerAction:
        process = Node(
            package="mmser_ros",
            executable=executable,
            output="screen",
            on_exit=ended,
            **options,
        )
        # By then a group that the launch file is in, such as one with a namespace, has ended.
        group = GroupAction([OpaqueFunction(function=restore), process])
        return TimerAction(period=seconds, actions=[group])

    def ended(event: ProcessExited, context: LaunchContext) -> TimerAction | None:
        """Start the process again if a signal ended it; one that gave up has said why."""
        if event.returncode == 0 or context.is_shutdown:
            return None
        if event.returncode > 0:
            # Not at once: an exception here would keep the event from the handlers after this.
            msg = f"{executable} ended with exit status {event.returncode}; its last line says why"
            return TimerAction(period=0.0, actions=[OpaqueFunction(function=_fail, args=[msg])])
        return process_after(RESPAWN_DELAY)

    # Not at once: ROS's launch ends without a node that is just starting if a launch file that
    # is included later can't be as asked.
    return process_after(0.0)


def start_together(context: LaunchContext) -> list[TimerAction]:
    """Start the nodes that have waited for it in one process."""
    nodes = _waiting(context)
    context.extend_globals({TOGETHER: []})
    return [start_process(nodes, context)] if nodes else []


def _waiting(context: LaunchContext) -> list[LaunchedNode]:
    return context.get_locals_as_dict().get(TOGETHER, [])


def _write_parameters(nodes: Iterable[LaunchedNode]) -> Path:
    """Write the given parameters to a file, each under the name of its node."""
    sections = {f"/**/{one.name}": {VALUES: dict(one.given)} for one in nodes if one.given}
    with NamedTemporaryFile("w", prefix="mmser_", suffix=".yaml", delete=False) as file:
        yaml.safe_dump(sections, file)
    return Path(file.name)


def _fail(_: LaunchContext, msg: str) -> None:
    raise LaunchError(msg)


def _given(parameter: Parameter, text: str) -> Any:
    """The value of a parameter that is an argument."""
    try:
        return parameter.parse(text)
    except ValueError as error:
        msg = f"launch argument {parameter.name}:={text}: {error}"
        raise LaunchError(msg) from error


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
