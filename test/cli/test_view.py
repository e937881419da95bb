# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
from signal import SIGINT

import pytest

pytest.importorskip("rerun", reason="Rerun is not installed: pip install '.[viewer]'")


def view(*options):
    command = [sys.executable, "-m", "mmser_ros.cli", "view", *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_it_records_a_robot_until_it_is_interrupted(tmp_path):
    file = tmp_path / "home.rrd"
    with view("--show", "none", "--recording", str(file), "--namespace", "r1") as process:
        said = next(line for line in process.stderr if "showing on" in line)
        process.send_signal(SIGINT)
        assert process.wait(timeout=60) == 0
    assert f"[r1.viewer_node]: showing on {file}" in said
    assert file.stat().st_size > 0


def test_nothing_to_do_is_an_error():
    with view("--show", "none") as process:
        _, printed = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "there is nothing to do; set one of them" in printed
