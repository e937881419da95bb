# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption.launch.py under ROS's launch, where that is installed; PyPI has no wheels of it."""

import json
import logging
import os
from signal import SIGKILL

import pytest

from mmser_ros.core.resources import share_path
from mmser_ros.nodes.caption.parameters import CAPTION_PARAMETERS
from test.launch.runs import UP, described_arguments, end_when_up, run

FILE = str(share_path("launch/caption.launch.py"))


def test_its_arguments_are_described():
    described = described_arguments(FILE)
    parameters = {one.name for one in CAPTION_PARAMETERS if one.launch}
    common = {"image_topic", "params_file", "namespace", "use_sim_time", "log_level"}
    assert described.keys() == parameters | common
    assert {"model", "passes", "min_confidence"} < parameters
    assert all(described.values())
    shipped = "Empty: as params_file says (as shipped: "
    assert described["model"].endswith(f'(docs/models.md). {shipped}"small").')
    assert described["ground"].endswith(f"Values: true or false. {shipped}false).")


def test_it_starts_the_node_as_asked(tiny_checkpoint):
    text, statuses = run(
        FILE,
        end_when_up,
        image_topic="/eye/image",
        image_transport="compressed",
        model=str(tiny_checkpoint),
        passes="1",
        threads="1",
        ground="True",
        max_rate="5",
        min_confidence="0.5",
        namespace="robot1",
    )
    assert "[robot1.caption_node]: tiny on cpu, waiting for /eye/image/compressed" in text
    assert statuses == [0]


def test_the_parameter_file_decides_what_is_left_empty(tiny_checkpoint, tmp_path):
    file = tmp_path / "robot.yaml"
    parameters = {"model": str(tiny_checkpoint), "image_transport": "compressed"}
    file.write_text(json.dumps({"/**": {"ros__parameters": parameters}}))
    text, _ = run(FILE, end_when_up, params_file=str(file))
    assert "tiny on cpu, waiting for /camera/image_raw/compressed" in text


def test_a_node_that_was_killed_comes_back(tiny_checkpoint):
    killed = []

    def kill_once(event):
        if UP in event.text and not killed:
            killed.append(event.pid)
            os.kill(event.pid, SIGKILL)
            return None
        return end_when_up(event)

    text, statuses = run(FILE, kill_once, pushed="robot1", model=str(tiny_checkpoint))
    assert text.count("[robot1.caption_node]: tiny on cpu, waiting for /camera") == 2
    assert statuses == [-SIGKILL, 0]


def test_a_node_that_gives_up_ends_the_launch():
    text, statuses = run(FILE, end_when_up, status=1, model="no_such_model")
    assert "no model 'no_such_model'" in text
    assert statuses == [1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"params_file": "/no/such/robot.yaml"}, "/no/such/robot.yaml: there is no such file"),
        ({"passes": "many"}, "passes is 'many'; expected a whole number from 1 to 10"),
        ({"min_confidence": "nan"}, "expected a number from 0 to 1"),
        ({"threads": "some"}, "expected auto, or a whole number"),
        ({"ground": "perhaps"}, "expected true or false"),
    ],
)
def test_a_launch_that_can_not_be_as_asked_starts_nothing(arguments, said, caplog):
    logger = logging.getLogger("launch")
    logger.addHandler(caplog.handler)
    text, statuses = run(FILE, end_when_up, status=1, **arguments)
    logger.removeHandler(caplog.handler)
    assert (text, statuses) == ("", [])
    assert said in caplog.text


def test_a_broken_topic_ends_the_launch(tiny_checkpoint):
    text, statuses = run(
        FILE, end_when_up, status=1, model=str(tiny_checkpoint), image_topic="my camera"
    )
    assert "names have letters, digits and _" in text
    assert statuses == [1]
