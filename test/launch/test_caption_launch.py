# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption.launch.py under ROS's launch, where that is installed; PyPI has no wheels of it."""

import pytest

from mmser_ros.resources import share_path

pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS")

from launch.actions import EmitEvent, IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource

from launch import LaunchDescription, LaunchService

FILE = str(share_path("launch/caption.launch.py"))


def test_its_arguments_are_described():
    arguments = PythonLaunchDescriptionSource(FILE).try_get_launch_description_without_context()
    described = {one.name: one.description for one in arguments.get_launch_arguments()}
    assert described.keys() == {
        "image_topic",
        "image_transport",
        "model",
        "device",
        "quantize",
        "passes",
        "params_file",
        "namespace",
        "use_sim_time",
        "log_level",
    }
    assert all(described.values())


def test_it_starts_the_node_as_asked(tiny_checkpoint):
    printed, statuses = [], []
    arguments = {
        "image_topic": "/eye/image",
        "image_transport": "compressed",
        "model": str(tiny_checkpoint),
        "passes": "1",
        "namespace": "robot1",
    }

    def on_output(event):
        printed.append(event.text.decode())
        if b"waiting for" in event.text:
            return EmitEvent(event=Shutdown(reason="the node is up"))
        return None

    service = LaunchService()
    service.include_launch_description(
        LaunchDescription(
            [
                IncludeLaunchDescription(
                    PythonLaunchDescriptionSource(FILE), launch_arguments=arguments.items()
                ),
                RegisterEventHandler(OnProcessIO(on_stdout=on_output, on_stderr=on_output)),
                RegisterEventHandler(
                    OnProcessExit(on_exit=lambda event, _: statuses.append(event.returncode))
                ),
            ]
        )
    )
    assert service.run() == 0
    text = "".join(printed)
    assert "[robot1.caption_node]: tiny on cpu, waiting for /eye/image/compressed" in text
    assert statuses == [0]
