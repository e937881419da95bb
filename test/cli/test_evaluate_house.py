# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import pytest
from typer.testing import CliRunner

from mmser_ros.cli.main import app
from test.simulation.home.rooms import NO_GL

pytestmark = pytest.mark.skipif(bool(NO_GL), reason=NO_GL)
SHORT = ["--looks", "15", "--distance", "3", "--errands", "2", "--split", "train", "--seed", "3"]


def run(*options):
    done = CliRunner().invoke(app, ["evaluate", "house", "--json", *SHORT, *options])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_perfect_captions_are_scored_and_a_second_run_reads_the_results(tmp_path):
    out = ["--out", str(tmp_path), "--model", "none", "--homes", "1"]
    first = run(*out)
    scores = first["perfect_captions"]
    assert scores["looks"] == 15
    assert 0 < scores["object_f1"] <= 1
    assert scores["CIDEr"] > 0.5
    assert scores["invented"] < 0.1
    (path,) = tmp_path.iterdir()
    written = path.stat().st_mtime_ns
    assert run(*out) == first
    assert path.stat().st_mtime_ns == written
    done = CliRunner().invoke(app, ["evaluate", "house", *SHORT, *out, "--errands", "3"])
    assert "give another folder for --out" in str(done.exception)


def test_explorers_are_compared_at_equal_distance():
    result = run("--model", "none", "--homes", "1", "--explorer", "both")
    driven = [result[name]["perfect_captions"]["driven_m"] for name in ("frontiers", "active")]
    assert driven[1] <= driven[0] + 0.1
    assert result["tests"]["active less frontiers, perfect_captions"]["object_f1"]["n"] == 1


def test_a_model_without_a_second_pass_says_so(tiny_checkpoint):
    result = run("--model", str(tiny_checkpoint), "--homes", "1", "--looks", "4")
    assert result["refined"] is None
    assert "makes one pass" in result["notes"]["refined"]
    assert set(result["tests"]) == {"perfect_captions less glance"}


def test_a_model_that_refines_has_both(refining_checkpoint):
    result = run("--model", str(refining_checkpoint), "--homes", "1", "--looks", "4")
    assert set(result) >= {"glance", "refined", "perfect_captions", "tests"}
    assert "refined less glance" in result["tests"]
