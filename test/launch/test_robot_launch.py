# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch files of robots and other simulators under ROS's launch, where that is installed."""

import logging
import os
from signal import SIGKILL

import pytest

from mmser_ros.core.resources import share_path
from test.launch.runs import Shutdown, described_arguments, run

MEMORY = {"map_id": "office", "store_path": "none", "pose_source": "odom"}
FILES = {"robot": "camera", "gazebo": "world", "isaac": "robot"}
WITHOUT_DRIVER = [
    ("robot", "realsense", "/r1/camera/camera/color/image_raw"),
    ("gazebo", "turtlebot3", "/r1/camera/image_raw"),
    ("isaac", "carter", "/r1/front_stereo_camera/left/image_rect_color"),
]


def file(name):
    return str(share_path(f"launch/{name}.launch.py"))


def end_when_both_are_up():
    up = set()

    def react(event):
        if b"waiting for /" in event.text:
            up.add(event.process_name)
        return Shutdown(reason="both are up") if len(up) > 1 else None

    return react


@pytest.mark.parametrize("name", FILES)
def test_arguments_are_described(name):
    described = described_arguments(file(name))
    assert {FILES[name], "driver", "nav2", "map", "viewer", "model", "map_id"} <= described.keys()
    assert all(described.values())


@pytest.mark.parametrize(("name", "robot", "topic"), WITHOUT_DRIVER)
def test_topics_are_those_of_the_robot(tiny_checkpoint, name, robot, topic):
    text, statuses = run(
        file(name), end_when_both_are_up(), namespace="r1", driver="false", viewer="none",
        model=str(tiny_checkpoint), **MEMORY, **{FILES[name]: robot},
    )  # fmt: skip
    assert f"tiny on cpu, waiting for {topic}" in text
    assert "map 'office', 0 observations, waiting for /r1/scene_caption" in text
    assert statuses == [0, 0]


def test_a_topic_of_the_user_comes_first(tiny_checkpoint):
    text, _ = run(
        file("robot"), end_when_both_are_up(), driver="false", image_topic="/eye",
        model=str(tiny_checkpoint), **MEMORY,
    )  # fmt: skip
    assert "tiny on cpu, waiting for /eye" in text


@pytest.mark.parametrize(
    ("name", "arguments", "package"),
    [
        ("robot", {"camera": "realsense"}, "realsense2_camera"),
        ("robot", {"camera": "v4l2_camera"}, "v4l2_camera"),
        ("gazebo", {"world": "turtlebot4"}, "turtlebot4_gz_bringup"),
        ("isaac", {"nav2": "true"}, "nav2_bringup"),
    ],
)
def test_what_is_not_installed_is_named_and_nothing_starts(name, arguments, package, caplog):
    logger = logging.getLogger("launch")
    logger.addHandler(caplog.handler)
    text, statuses = run(file(name), end_when_both_are_up(), status=1, viewer="none", **arguments)
    logger.removeHandler(caplog.handler)
    assert (text, statuses) == ("", [])
    assert f"needs the package {package}, which is not installed; apt-get install" in caplog.text


def test_jetson_takes_compressed_images_in_one_process_that_comes_back(tiny_checkpoint):
    up = []

    def react(event):
        up.extend(line for line in event.text.splitlines() if b"waiting for /" in line)
        if len(up) == 2 and b"waiting for /" in event.text:
            os.kill(event.pid, SIGKILL)
        return Shutdown(reason="both are up again") if len(up) == 4 else None

    text, statuses = run(
        file("jetson"), react, model=str(tiny_checkpoint), image_topic="/eye", namespace="r1",
        **MEMORY,
    )  # fmt: skip
    assert text.count("[r1.caption_node]: tiny on cpu, waiting for /eye/compressed") == 2
    assert text.count("[r1.memory_node]: map 'office', 0 observations, waiting for /r1/scene") == 2
    assert statuses == [-SIGKILL, 0]


def test_robots_have_what_launch_files_need():
    from mmser_ros.nodes.common.launch_robots import read_robots  # needs ROS's launch

    for name, robot in read_robots().items():
        assert {"image_topic", "camera_info_topic"} <= robot.keys(), name
        assert not [one for one in robot if one.endswith("_topic") and robot[one][0] == "/"], name
        assert "use_depth" not in robot or "depth_topic" in robot, name
