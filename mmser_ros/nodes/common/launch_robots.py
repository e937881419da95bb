# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch files around bringup.launch.py: what starts beside it, and its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.launch_context import LaunchContext
from launch.launch_description import LaunchDescription
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node, PushRosNamespace

from mmser_ros.core.resources import share_path
from mmser_ros.nodes.common.launch import RESPAWN_DELAY, LaunchError

CHOICE = {"choices": ["true", "false"]}


def include(name: str) -> IncludeLaunchDescription:
    """One of our launch files, in the scope of this one."""
    path = str(share_path(f"launch/{name}.launch.py"))
    return IncludeLaunchDescription(PythonLaunchDescriptionSource(path))


def include_apart(name: str) -> GroupAction:
    """One of our launch files; its defaults (of params_file) hold for it alone."""
    return GroupAction([include(name)], scoped=True, forwarding=True)


def set_defaults(**values: str) -> OpaqueFunction:
    """Values of arguments of files that are included later, where the user gives none."""

    def set_missing(context: LaunchContext) -> None:
        for name, value in values.items():
            context.launch_configurations.setdefault(name, value)

    return OpaqueFunction(function=set_missing)


def robot_description(argument: str, choices: Mapping[str, str], viewer: str) -> LaunchDescription:
    """Start a robot's camera or simulator, bringup.launch.py with its topics, Nav2 and a viewer.

    Args:
        argument: by which the robot is chosen; the first choice is its default.
        choices: entries of config/robots.yaml by the values of the argument.
        viewer: default of the argument of this name.
    """

    def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
        given = context.launch_configurations
        robot = read_robots()[choices[given[argument]]]
        begin, environment = robot.pop("start", None), robot.pop("environment", {})
        for name, value in robot.items():
            given.setdefault(name, value)
        space = given.get("namespace", "")
        inner: list[LaunchDescriptionEntity] = [PushRosNamespace(space)] if space else []
        inner += [SetEnvironmentVariable(*one) for one in environment.items()]
        if begin is not None and given["driver"] == "true":
            inner.append(_start(f"{argument}:={given[argument]}", "driver:=false", **begin))
        if given["nav2"] == "true":
            arguments = {"use_sim_time": given.get("use_sim_time", "false")}
            arguments |= {"map": given["map"], "slam": "False" if given["map"] else "True"}
            inner.append(
                _start(
                    "nav2:=true", "nav2:=false", package="nav2_bringup",
                    launch="bringup_launch.py", arguments=arguments,
                )
            )  # fmt: skip
        return [GroupAction(inner, scoped=True, forwarding=False)] if inner else []

    return LaunchDescription(
        [
            DeclareLaunchArgument(
                argument,
                default_value=next(iter(choices)),
                choices=list(choices),
                description="Whose topics are used, as in config/robots.yaml.",
            ),
            DeclareLaunchArgument(
                "driver", default_value="true", **CHOICE,
                description="Start its driver or simulator. false: it runs already.",
            ),
            DeclareLaunchArgument(
                "nav2", default_value="false", **CHOICE,
                description="Start Nav2 (nav2_bringup); goals of the memory go to it.",
            ),
            DeclareLaunchArgument(
                "map", default_value="",
                description="YAML file of Nav2's map. Empty: it makes one (SLAM).",
            ),
            set_defaults(viewer=viewer),
            OpaqueFunction(function=start),
            include_apart("viewer"),
            include("bringup"),
        ]
    )  # fmt: skip


def read_robots() -> dict[str, dict[str, Any]]:
    """The entries of config/robots.yaml."""
    return yaml.safe_load(share_path("config/robots.yaml").read_text(encoding="utf-8"))


def check_package(package: str, needed_by: str, otherwise: str) -> str:
    """Path of a package's share folder.

    Raises:
        LaunchError: it is not installed.
    """
    try:
        return get_package_share_directory(package)
    except PackageNotFoundError as error:
        name = f"ros-$ROS_DISTRO-{package.replace('_', '-')}"
        msg = f"{needed_by} needs the package {package}, which is not installed; "
        msg += f"apt-get install {name}, or give {otherwise}"
        raise LaunchError(msg) from error


def _start(
    needed_by: str,
    otherwise: str,
    *,
    package: str,
    launch: str = "",
    executable: str = "",
    arguments: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> LaunchDescriptionEntity:
    share = check_package(package, needed_by, otherwise)
    if launch:
        source = PythonLaunchDescriptionSource(f"{share}/launch/{launch}")
        items: Iterable = (arguments or {}).items()
        return IncludeLaunchDescription(source, launch_arguments=items)
    values = {
        name: str(share_path(value)) if value.startswith("config/") else value
        for name, value in (parameters or {}).items()
    }
    return Node(
        package=package, executable=executable, output="screen", parameters=[values],
        respawn=True, respawn_delay=RESPAWN_DELAY,
    )  # fmt: skip
