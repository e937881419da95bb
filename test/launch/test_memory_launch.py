# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""memory.launch.py under ROS's launch, where that is installed."""

import json

from mmser_ros.core.resources import share_path
from test.launch.runs import described_arguments, end_when_up, run

FILE = str(share_path("launch/memory.launch.py"))


def test_its_arguments_are_described():
    described = described_arguments(FILE)
    assert described.keys() == {
        *("caption_topic", "odom_topic", "pose_topic", "depth_topic", "camera_info_topic"),
        *("map_id", "store_path", "robot_name", "pose_source", "map_frame", "base_frame"),
        *("use_depth", "depth_transport", "mask_classes", "send_goals", "share_with_robots"),
        *("params_file", "namespace", "use_sim_time", "log_level"),
    }
    assert all(described.values())


def test_it_starts_the_node_as_asked():
    text, statuses = run(
        FILE,
        end_when_up,
        caption_topic="/eye/said",
        map_id="house",
        store_path="none",
        pose_source="odom",
        share_with_robots="true",
        namespace="robot1",
    )
    assert "[robot1.memory_node]: map 'house', 0 observations, waiting for /eye/said" in text
    assert statuses == [0]


def test_the_parameter_file_decides_what_is_left_empty(tmp_path):
    file = tmp_path / "robot.yaml"
    parameters = {"map_id": "office", "store_path": "none", "pose_source": "pose"}
    file.write_text(json.dumps({"/**": {"ros__parameters": parameters}}))
    text, _ = run(FILE, end_when_up, params_file=str(file))
    assert "map 'office', 0 observations, waiting for /scene_caption" in text
