# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser bench` of tiny models, in processes of their own; no times are compared."""

import json

import pytest
from typer.testing import CliRunner

from mmser_ros.cli.main import app


def bench(*arguments):
    options = ["--compare", "none", "--iterations", "2", "--threads", "1"]
    result = CliRunner().invoke(app, ["bench", *options, *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


def test_figures_of_a_model_that_refines(refining_checkpoint):
    result = bench("--model", refining_checkpoint, "--tokens", "3,6", "--json")
    figures = json.loads(result.stdout)
    assert figures["tokens"] == [3, 6]
    ours = figures["ours"]
    assert ours["caption_ms"] > ours["glance_ms"] > 0
    assert ours["caption_p99_ms"] >= ours["caption_ms"]
    assert ours["rss_mb"] > 50
    assert ours["stages_ms"].keys() >= {"vision", "prefill", "per token", "connector"}
    overhead = ours["caption_ms"] / ours["glance_ms"] - 1
    assert figures["refinement_overhead"] == pytest.approx(overhead, abs=0.01)
    assert 0 <= figures["accepted_share"] <= 1
    assert figures["by_tokens"].keys() == {"3", "6"}
    assert figures["by_tokens"]["3"]["ours"]["caption_ms"] == ours["caption_ms"]
    assert 0 < figures["limit_ms"] < ours["caption_ms"]
    assert figures["machine"]["bandwidth_gb_s"] > 0
    assert "captions: 6 of 6" in result.stderr


def test_a_model_without_refinement_says_so(tiny_checkpoint):
    shown = " ".join(bench("--model", tiny_checkpoint, "--tokens", "3").stdout.split())
    assert "3 tokens, batch 1" in shown
    assert "refinement none: the model makes one pass" in shown


def test_a_length_that_is_none_is_refused():
    result = CliRunner().invoke(app, ["bench", "--tokens", "some"])
    assert "--tokens is 'some'; expected whole numbers" in str(result.exception)
