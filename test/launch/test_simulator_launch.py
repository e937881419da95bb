# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Launch files of the simulator and the viewer under ROS's launch, where that is installed."""

import logging
import os
from signal import SIGKILL

import pytest

from mmser_ros.core.resources import share_path
from mmser_ros.nodes.simulation.parameters import SIMULATION_PARAMETERS
from test.launch.runs import Shutdown, described_arguments, run
from test.simulation.home.rooms import NO_GL

needs_gl = pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
SMALL = {"seed": "4", "width": "80"}


def file(name):
    return str(share_path(f"launch/{name}.launch.py"))


def until(*texts):
    """A reaction that ends the launch when all texts were printed."""
    left = list(texts)

    def react(event):
        text = event.text.decode()
        left[:] = [one for one in left if one not in text]
        return None if left else Shutdown(reason="all was said")

    return react


def test_arguments_are_those_of_what_is_included():
    described = described_arguments(file("simulator"))
    own = {one.name for one in SIMULATION_PARAMETERS if one.launch}
    assert own | {"viewer", "recording", "model", "map_id", "namespace"} <= described.keys()
    assert all(described.values())


@needs_gl
def test_a_home_its_captions_and_its_memory_come_up_together(tiny_checkpoint):
    up = ("home 4 (", "tiny on cpu, waiting for /r1/image", "map 'simulated_home', 0 observations")
    text, statuses = run(
        file("simulator"), until(*up), namespace="r1", viewer="none",
        model=str(tiny_checkpoint), **SMALL,
    )  # fmt: skip
    assert "images on /r1/image" in text
    assert "waiting for /r1/scene_caption" in text
    assert statuses == [0, 0, 0]


@needs_gl
def test_a_simulator_that_was_killed_comes_back():
    killed = []

    def kill_once(event):
        if b"images on /" not in event.text:
            return None
        if killed:
            return Shutdown(reason="it is back")
        killed.append(event.pid)
        os.kill(event.pid, SIGKILL)
        return None

    text, statuses = run(file("simulation"), kill_once, namespace="r2", **SMALL)
    assert text.count("images on /r2/image") == 2
    assert statuses == [-SIGKILL, 0]


@pytest.mark.parametrize(
    ("viewer", "package"), [("foxglove", "foxglove_bridge"), ("rviz", "rviz2")]
)
def test_a_viewer_that_is_not_installed_is_named(viewer, package, caplog):
    logger = logging.getLogger("launch")
    logger.addHandler(caplog.handler)
    text, statuses = run(file("viewer"), until("never"), status=1, viewer=viewer)
    logger.removeHandler(caplog.handler)
    assert (text, statuses) == ("", [])
    assert f"viewer:={viewer} needs the package {package}" in caplog.text


def test_rerun_records_as_asked(tmp_path):
    pytest.importorskip("rerun", reason="Rerun is not installed: pip install '.[viewer]'")
    recording = tmp_path / "home.rrd"
    text, statuses = run(
        file("viewer"), until("showing on"), show="none", recording=str(recording), namespace="r3"
    )
    assert f"[r3.viewer_node]: showing on {recording}" in text
    assert statuses == [0]
