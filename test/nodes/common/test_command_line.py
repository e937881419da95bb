# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Wrong command lines and parameter files: each node ends, and says in words what is wrong."""

import json
import subprocess
import sys

import pytest

from test.nodes.wrong_commands import MODULE

NODES = ("caption_node", "memory_node", "replay_node")
NAMES = "names have letters, digits and _"
LINES = {
    "--params-file {folder}/gone.yaml": "gone.yaml: there is no such file",
    "--params-file {folder}": "it is a folder",
    "--params-file {folder}/broken.yaml": "can't be read as YAML",
    "--params-file {folder}/flat.yaml": "/passes is '2'; expected a node's name",
    "--params-file {folder}/mixed.yaml": "Sequence should be of same type",
    "--params-file": "expected the path of a YAML file",
    "-p rate": "'-p rate'; expected name:=value",
    "-p rate:=[1": "expected name:=value",
    "-r image:=/a//b": NAMES,
    "-r image:=9": NAMES,
    "-r __node:=a-b": NAMES,
    "-r __ns:=r1": NAMES,
    "--log-level loud": "expected debug, info",
    "image:=/camera": "unknown arguments: image:=/camera; after --ros-args, -p name:=value",
    "--frobnicate": "unknown arguments: --frobnicate",
    "-- further": "unknown arguments: further",
}
PARAMETERS = {
    ("caption_node", "passes:=many"): "passes is 'many'; expected a whole number from 1 to 10",
    ("caption_node", "passes:=2.5"): "passes is 2.5; expected a whole number from 1 to 10",
    ("caption_node", "passes:=true"): "passes is True; expected a whole number",
    ("caption_node", "passes:=99"): "passes is 99; expected a whole number from 1 to 10",
    ("caption_node", "passes:=[1, 2]"): "passes is [1, 2]; expected a whole number",
    ("caption_node", "max_rate:=5"): "max_rate is 5; expected a number from 0 to 120, such as 0.0",
    ("caption_node", "max_rate:=.nan"): "max_rate is nan; expected a number from 0 to 120",
    ("caption_node", "ground:=yes please"): "ground is 'yes please'; expected true or false",
    ("caption_node", "model:=5"): "model is 5; expected text",
    ("caption_node", "quantize:=int3"): "quantize is 'int3'; expected one of auto, none",
    ("caption_node", "threads:=some"): "threads is 'some'; expected auto, or a whole number from 1",
    ("caption_node", "threads:=0"): "threads is 0; expected auto, or a whole number from 1",
    ("caption_node", "use_sim_time:=maybe"): "use_sim_time",
    ("memory_node", "mahalanobis_gate:=wide"): "mahalanobis_gate is 'wide'; expected a number",
    ("memory_node", "existence_threshold:=.inf"): "existence_threshold is inf; expected a number",
    ("memory_node", "pose_source:=gps"): "pose_source is 'gps'; expected one of tf, odom, pose",
    ("replay_node", "rate:=fast"): "rate is 'fast'; expected a number from 0 to 240",
    ("replay_node", "loop:=1"): "loop is 1; expected true or false",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    (folder / "broken.yaml").write_text("/**:\n  ros__parameters: {a: [1\n")
    (folder / "flat.yaml").write_text("passes: 2\n")
    (folder / "mixed.yaml").write_text("/**:\n  ros__parameters: {a: [1, two]}\n")
    values = "{pases: 2, model: no_such_model}"
    (folder / "misspelt.yaml").write_text(f"/**:\n  ros__parameters: {values}\n")
    (folder / "others.yaml").write_text("/**/caption_nod:\n  ros__parameters: {passes: 2}\n")
    return folder


def outcomes(cases):
    """How each of the nodes' command lines ends, and all that was printed on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("node", NODES)
def test_wrong_command_lines(node, folder):
    lines = [line.format(folder=folder) for line in LINES]
    ends, _ = outcomes([(node, ["--ros-args", *line.split()]) for line in lines])
    for end, (line, said) in zip(ends, LINES.items(), strict=True):
        assert "traceback" not in end, (line, end)
        assert end["said"].startswith(f"{node} can't start: "), (line, end)
        assert said in end["said"], (line, end)


def test_values_that_can_not_be_name_the_parameter():
    cases = [(node, ["--ros-args", "-p", given]) for node, given in PARAMETERS]
    ends, _ = outcomes(cases)
    for end, (case, said) in zip(ends, PARAMETERS.items(), strict=True):
        assert "traceback" not in end, (case, end)
        assert said in end["said"], (case, end)


def test_what_is_not_for_ros_is_refused():
    ((end,), _) = outcomes([("replay_node", ["photos"])])
    assert "unknown arguments: photos; after --ros-args" in end["said"]


def test_misspelt_names_are_named(folder):
    stop = ["-p", "model:=no_such_model"]  # the node would run otherwise
    command = ["--ros-args", "--params-file", str(folder / "misspelt.yaml"), "-p", "ruond:=true"]
    other = ["--ros-args", "--params-file", str(folder / "others.yaml"), *stop]
    ends, printed = outcomes([("caption_node", command), ("caption_node", other)])
    assert all("can't start" in end["said"] for end in ends)
    assert "unknown parameter pases; did you mean passes?" in printed
    assert "unknown parameter ruond; did you mean ground?" in printed
    assert "others.yaml has no parameters for /caption_node, but for /**/caption_nod" in printed
