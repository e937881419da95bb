# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is installed beside the modules, and that versions agree."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from mmser_ros.msg import (
    GroundedPhrase,
    SceneAnswer,
    SceneCaption,
    SceneDigest,
    SceneEdge,
    SceneGraph,
    SceneMatch,
    SceneNode,
    SceneObservation,
)
from mmser_ros.srv import CaptionImage, ForgetScene, GetSceneGraph, QueryScene

import mmser_ros
from mmser_ros.core.resources import ResourceError, share_path

ROOT = Path(__file__).parents[1]


def test_one_version():
    package = ET.parse(ROOT / "package.xml").getroot()
    assert package.findtext("version") == mmser_ros.__version__
    assert f"\nversion: {mmser_ros.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_pip_installs_the_command():
    try:
        installed = distribution("mmser_ros")
    except PackageNotFoundError:
        pytest.skip("installed by colcon, not by pip")
    assert installed.version == mmser_ros.__version__
    commands = {one.name: one.value for one in installed.entry_points}
    assert commands == {"mmser": "mmser_ros.cli.main:main"}


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("caption_node", ["--ros-args", "-p", "passes:=0"], "caption_node can't start"),
        ("memory_node", ["--ros-args", "-p", "full_graph_interval:=-1"], "memory_node can't start"),
        ("replay_node", ["--ros-args", "-p", "rate:=-1.0"], "replay_node: "),
        ("simulation_node", ["--ros-args", "-p", "rate:=0.0"], "simulation_node can't start"),
        ("viewer_node", ["--ros-args", "-p", "web_port:=0"], "viewer_node can't start"),
        ("mmser", ["info", "--no-such-option"], "No such option: --no-such-option"),
    ],
)
def test_what_ros2_run_starts_is_installed(name, arguments, answer, tmp_path):
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    executables = [Path(prefix) / "lib/mmser_ros" / name for prefix in prefixes]
    executable = next(one for one in executables if one.exists())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [executable, *arguments],
        env={**os.environ, "PATH": path, "TERM": "dumb", "COLUMNS": "100"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (1, 2)
    assert answer in result.stderr


@pytest.mark.parametrize(
    "path",
    [
        "config/caption.yaml",
        "config/memory.yaml",
        "config/replay.yaml",
        "config/simulator.yaml",
        "config/robots.yaml",
        "config/fastdds.xml",
        "config/train/nano.yaml",
        "config/architectures/specialist.json",
        "launch/bringup.launch.py",
        "launch/caption.launch.py",
        "launch/memory.launch.py",
        "config/lexicon/imagenet_words.yaml",
        "models/nano/config.json",
        "models/small/config.json",
    ],
)
def test_shared_files_are_installed_as_they_are_here(path, monkeypatch):
    assert share_path(path) == ROOT / path
    monkeypatch.setattr("mmser_ros.core.resources.__file__", "/nowhere/mmser_ros/resources.py")
    assert share_path(path).read_bytes() == (ROOT / path).read_bytes()


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ResourceError, match=r"no_such\.yaml.*install the package again"):
        share_path("config/no_such.yaml")


def test_the_interface_is_what_others_rely_on():
    assert SceneCaption.get_fields_and_field_types() == {
        "header": "std_msgs/Header",
        "caption": "string",
        "initial_caption": "string",
        "refined": "boolean",
        "confidence": "float",
        "phrases": "sequence<mmser_ros/GroundedPhrase>",
        "model": "string",
        "passes": "uint8",
        "inference_time": "float",
    }
    assert GroundedPhrase.get_fields_and_field_types() == {
        "text": "string",
        "head": "string",
        "confidence": "float",
        "has_region": "boolean",
        "region": "sensor_msgs/RegionOfInterest",
        "has_point": "boolean",
        "point": "geometry_msgs/Point",
    }
    assert CaptionImage.Request.get_fields_and_field_types().keys() == {
        "image",
        "compressed_image",
        "passes",
        "initial_caption",
        "ground",
    }
    assert CaptionImage.Response.get_fields_and_field_types().keys() == {
        "success",
        "message",
        "caption",
    }


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (
            SceneGraph,
            "header map_id stale stream sequence full nodes edges removed_nodes removed_edges",
        ),
        (
            SceneNode,
            "id layer label position kind attributes room probability sigma moves caption "
            "caption_stamp robot first_seen last_seen",
        ),
        (SceneEdge, "source target predicate length probability geometry caption"),
        (SceneAnswer, "question text found object score pose map_id stale"),
        (SceneMatch, "node score age pose path path_length relations map_id stale"),
        (
            SceneObservation,
            "robot map_id caption pose position_sigma heading_sigma has_camera width height fx fy "
            "cx cy mount mount_position_sigma mount_heading_sigma has_depth depth_columns "
            "depth_rows depth",
        ),
        (SceneDigest, "robot map_id forgotten period buckets sums"),
        (QueryScene.Request, "text k place since until has_near near has_start start"),
        (QueryScene.Response, "success message map_id stale matches"),
        (GetSceneGraph.Response, "success message graph"),
        (ForgetScene.Request, "before after"),
        (ForgetScene.Response, "success message"),
    ],
)
def test_the_memorys_interface(message, fields):
    assert list(message.get_fields_and_field_types()) == fields.split()


def test_what_a_robot_installs_by_pip_is_what_the_package_needs():
    table = (ROOT / "pyproject.toml").read_text()
    needed = re.findall(r'"([^"]+)"', re.search(r"\ndependencies = \[(.*?)\n\]", table, re.S)[1])
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    asked = [line for line in lines if not line.startswith(("#", "-c "))]
    assert asked == [name for name in needed if not name.startswith("ros-")]
    assert "-c constraints.txt" in lines
