# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser demo` as a user runs it, with a captioner that is quick."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from test.simulation.home.rooms import NO_GL

pytestmark = pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
FIGURES = {
    "object_f1", "object_precision", "object_recall", "relation_f1", "room_accuracy",
    "position_error_m", "invented", "goto_success", "spl", "CIDEr",
}  # fmt: skip


def test_the_robot_explores_answers_and_goes_there(tmp_path):
    command = [sys.executable, "-m", "mmser_ros.cli", "demo", "--seconds", "5"]
    command += ["--out", str(tmp_path / "out"), "--model", "python:teller.Teller"]
    has_viewer = find_spec("rerun") is not None
    command += ["--viewer", "rerun"] * has_viewer
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    result = json.loads(lines[-1])
    assert done.returncode == 0, done.stderr
    assert result["headers_match"] is True
    assert result["captions"] + sum(result["dropped"].values()) == result["images"]
    assert len({one["question"] for one in result["questions"]}) == 3
    for one in result["questions"]:
        assert one["object"] in {"bed", "table", "lamp"}
        assert one["pose"]["frame_id"] == "map"
        assert isinstance(one["reached"], bool)
        assert any(line.startswith(f"{one['question']}  → stand at (") for line in lines)
    reached = [one["reached"] for one in result["questions"]]
    assert result["glance"].keys() == FIGURES
    assert result["glance"]["goto_success"] == pytest.approx(sum(reached) / 3, abs=1e-4)
    assert result["glance"]["invented"] > 0  # not all rooms have all three
    assert Image.open(result["picture"]).size > (100, 100)
    assert Image.open(result["recording"]).n_frames > 10
    assert ("showing on http://127.0.0.1:9090/?url=" in done.stderr) == has_viewer
    assert (tmp_path / "out" / "home.rrd").exists() == has_viewer
