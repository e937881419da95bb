# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""bringup.launch.py under ROS's launch, where that is installed."""

import json

from mmser_ros.resources import share_path
from test.launch.runs import described_arguments, end_when_up, run

FILE = str(share_path("launch/bringup.launch.py"))


def test_its_arguments_are_those_of_both():
    described = described_arguments(FILE)
    own = {"caption_params_file", "memory_params_file"}
    assert (
        own | {"image_topic", "model", "min_confidence", "map_id", "odom_topic", "namespace"}
        <= described.keys()
    )
    assert all(described.values())


def test_it_starts_both_nodes_each_with_its_file(tiny_checkpoint, tmp_path):
    files = {}
    for name, parameters in {
        "caption": {"model": str(tiny_checkpoint)},
        "memory": {"map_id": "office", "store": "none", "pose_source": "odom"},
    }.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps({"/**": {"ros__parameters": parameters}}))
        files[f"{name}_params_file"] = str(path)
    up = set()

    def end_when_both_are_up(event):
        answer = end_when_up(event)
        if answer is not None:
            up.add(event.process_name.split("-")[0])
        return answer if len(up) > 1 else None

    text, statuses = run(FILE, end_when_both_are_up, image_topic="/eye", namespace="r1", **files)
    assert "[r1.caption_node]: tiny on cpu, waiting for /eye" in text
    assert "[r1.memory_node]: map 'office', 0 observations, waiting for /r1/scene_caption" in text
    assert statuses == [0, 0]
