# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption.launch.py under ROS's launch, where that is installed; PyPI has no wheels of it."""

import json
import os
from signal import SIGKILL

import pytest

from mmser_ros.resources import share_path

pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS")

from launch import LaunchDescription, LaunchService
from launch.actions import EmitEvent, IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource

FILE = str(share_path("launch/caption.launch.py"))
UP = b"waiting for /"


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


def run(react, **arguments):
    """Launch until done; `react` may return an event for each output. (output, exit codes)."""
    printed, statuses = [], []

    def on_output(event):
        printed.append(event.text.decode())
        answer = react(event)
        return EmitEvent(event=answer) if answer else None

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
    return "".join(printed), statuses


def end_when_up(event):
    return Shutdown(reason="the node is up") if UP in event.text else None


def test_it_starts_the_node_as_asked(tiny_checkpoint):
    text, statuses = run(
        end_when_up,
        image_topic="/eye/image",
        image_transport="compressed",
        model=str(tiny_checkpoint),
        passes="1",
        namespace="robot1",
    )
    assert "[robot1.caption_node]: tiny on cpu, waiting for /eye/image/compressed" in text
    assert statuses == [0]


def test_the_parameter_file_decides_what_is_left_empty(tiny_checkpoint, tmp_path):
    file = tmp_path / "robot.yaml"
    parameters = {"model": str(tiny_checkpoint), "image_transport": "compressed"}
    file.write_text(json.dumps({"/**": {"ros__parameters": parameters}}))
    text, _ = run(end_when_up, params_file=str(file))
    assert "tiny on cpu, waiting for /camera/image_raw/compressed" in text


def test_a_node_that_was_killed_comes_back(tiny_checkpoint):
    killed = []

    def kill_once(event):
        if UP in event.text and not killed:
            killed.append(event.pid)
            os.kill(event.pid, SIGKILL)
            return None
        return end_when_up(event)

    text, statuses = run(kill_once, model=str(tiny_checkpoint))
    assert text.count(UP.decode()) == 2
    assert statuses == [-SIGKILL, 0]


def test_a_node_that_gives_up_does_not_come_back():
    text, statuses = run(end_when_up, model="no_such_model")
    assert "no model 'no_such_model'" in text
    assert statuses == [1]
