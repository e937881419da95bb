# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""bringup.launch.py under ROS's launch, where that is installed."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from mmser_ros.core.resources import share_path
from test.launch.runs import described_arguments, end_when_up, run

FILE = str(share_path("launch/bringup.launch.py"))


def bring_up(**arguments):
    """What both nodes print until both are up, or the launch ends."""
    up = set()

    def end_when_both_are_up(event):
        answer = end_when_up(event)
        if answer is not None:
            up.add(event.process_name.split("-")[0])
        return answer if len(up) > 1 else None

    return run(FILE, end_when_both_are_up, **arguments)


def test_its_arguments_are_those_of_both():
    described = described_arguments(FILE)
    own = {"params_file", "caption_params_file", "memory_params_file"}
    assert (
        own | {"image_topic", "model", "min_confidence", "map_id", "odom_topic", "namespace"}
        <= described.keys()
    )
    assert all(described.values())


def test_it_starts_both_nodes_each_with_its_file(tiny_checkpoint, tmp_path):
    files = {}
    for name, parameters in {
        "caption": {"model": str(tiny_checkpoint)},
        "memory": {"map_id": "office", "store_path": "none", "pose_source": "odom"},
    }.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps({"/**": {"ros__parameters": parameters}}))
        files[f"{name}_params_file"] = str(path)
    text, statuses = bring_up(image_topic="/eye", namespace="r1", **files)
    assert "[r1.caption_node]: tiny on cpu, waiting for /eye" in text
    assert "[r1.memory_node]: map 'office', 0 observations, waiting for /r1/scene_caption" in text
    assert statuses == [0, 0]


def test_one_file_has_the_parameters_of_both(tiny_checkpoint, tmp_path):
    path = tmp_path / "robot.yaml"
    caption = {"model": str(tiny_checkpoint), "image_transport": "compressed"}
    memory = {"map_id": "office", "store_path": "none", "pose_source": "odom"}
    sections = {"/**/caption_node": caption, "/**/memory_node": memory}
    values = {name: {"ros__parameters": given} for name, given in sections.items()}
    path.write_text(json.dumps(values))
    text, statuses = bring_up(params_file=str(path))
    assert "tiny on cpu, waiting for /camera/image_raw/compressed" in text
    assert "map 'office', 0 observations" in text
    assert statuses == [0, 0]


@pytest.mark.parametrize(("given", "grounded"), [({}, True), ({"ground": "false"}, False)])
def test_the_memory_gets_regions_unless_that_is_not_wanted(tiny_checkpoint, given, grounded):
    asked = []

    def note(event):
        answer = end_when_up(event)
        if answer is None or not event.process_name.startswith("caption_node"):
            return None
        files = [value for name, value in pairwise(event.cmd) if name == "--params-file"]
        asked.extend(yaml.safe_load(Path(file).read_text()) for file in files)
        return answer

    memory = {"map_id": "home", "store_path": "none", "pose_source": "odom"}
    run(FILE, note, model=str(tiny_checkpoint), **memory, **given)
    (values,) = asked[-1].values()
    assert values["ros__parameters"]["ground"] == grounded


@pytest.mark.parametrize(
    "arguments", [{"use_depth": "perhaps"}, {"memory_params_file": "/no/such/robot.yaml"}]
)
def test_what_the_memory_can_not_do_starts_no_captioner_either(arguments):
    assert run(FILE, end_when_up, status=1, **arguments) == ("", [])
