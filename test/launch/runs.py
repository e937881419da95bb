# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch files under ROS's launch, where that is installed; PyPI has no wheels of it."""

from pathlib import Path

import pytest

pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS")

from launch import LaunchDescription, LaunchService
from launch.actions import EmitEvent, GroupAction, IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import PushRosNamespace

UP = b"waiting for /"


def described_arguments(file):
    """Arguments of a launch file and of those it includes, with their descriptions."""
    description = PythonLaunchDescriptionSource(file).try_get_launch_description_without_context()
    return {one.name: one.description for one in description.get_launch_arguments()}


def processes():
    """Ids of the processes that this one has started and that still run."""
    return set(
        " ".join(one.read_text() for one in Path("/proc/self/task").glob("*/children")).split()
    )


def run(file, react, status=0, pushed="", **arguments):
    """Launch until done; `react` may return an event for each output. (output, exit codes).

    `status` is that of the launch itself, `pushed` the namespace of a group that it is in.
    """
    before = processes()
    printed, statuses = [], []
    arguments = {"sigterm_timeout": "60", **arguments}  # a busy machine takes its time to end

    def on_output(event):
        printed.append(event.text.decode())
        answer = react(event)
        return EmitEvent(event=answer) if answer else None

    service = LaunchService()
    service.include_launch_description(
        LaunchDescription(
            [
                GroupAction(
                    [
                        PushRosNamespace(pushed),
                        IncludeLaunchDescription(
                            PythonLaunchDescriptionSource(file), launch_arguments=arguments.items()
                        ),
                    ]
                ),
                RegisterEventHandler(OnProcessIO(on_stdout=on_output, on_stderr=on_output)),
                RegisterEventHandler(
                    OnProcessExit(on_exit=lambda event, _: statuses.append(event.returncode))
                ),
            ]
        )
    )
    assert service.run() == status
    assert processes() <= before  # nothing is left
    return "".join(printed), statuses


def end_when_up(event):
    return Shutdown(reason="the node is up") if UP in event.text else None
