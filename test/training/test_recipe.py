# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From a data set to a checkpoint that captions, by the command that made nano."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from mmser_ros.cli import app
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.recipe import read_recipe

RECIPE = {
    "architecture": "tiny",
    "vocabulary": 300,
    "views": 2,
    "holdout": 4,
    "language": {"epochs": 2, "batch_size": 1, "learning_rate": 1e-2},
    "glance": {"epochs": 20, "batch_size": 4, "captions": 2, "keep": 0.9, "learning_rate": 1e-2},
    "consensus": {"epochs": 1, "batch_size": 4, "learning_rate": 1e-4},
}


@pytest.fixture
def recipe(tmp_path, tiny_config, monkeypatch):
    (tmp_path / "tiny.json").write_text(tiny_config.to_json())
    monkeypatch.setattr(
        "mmser_ros.captioner.untrained.share_path", lambda _: tmp_path / "tiny.json"
    )
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(RECIPE))
    return path


def test_the_shipped_recipe_can_be_read():
    from mmser_ros.resources import share_path

    recipe = read_recipe(share_path("config/train/nano.yaml"))
    assert recipe.architecture == "nano"
    assert recipe.language
    assert recipe.consensus


@pytest.mark.parametrize("change", [{"glance": None}, {"colour": 3}, {"glance": {"epochs": 1}}])
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path, change):
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**RECIPE, **change}))
    with pytest.raises(TrainingError, match=r"odd\.yaml is no recipe"):
        read_recipe(tmp_path / "odd.yaml")


def test_training_evaluation_and_captions(flickr, tmp_path, recipe):
    """Pictures of one colour: after training the captions name it."""
    (tmp_path / "more.txt").write_text("a yellow wall\nthe wall\n" * 10)
    runner = CliRunner()
    common = ["--data", str(flickr), "--recipe", str(recipe), "--work", str(tmp_path / "work")]
    more = ["--sentences", str(tmp_path / "more.txt"), "--out", str(tmp_path / "model")]
    done = runner.invoke(app, ["train", "glance", *common, *more], catch_exceptions=False)
    assert done.exit_code == 0
    model = str(tmp_path / "model")
    arguments = ["evaluate", "--root", str(flickr), "--model", model, "--json"]
    scored = runner.invoke(app, arguments, catch_exceptions=False)
    result = json.loads(scored.stdout)
    assert (result["n"], result["model"], result["corrupt"]) == (4, "tiny", [])
    assert result["passes"]["1"]["BLEU-1"] > 0.9
    assert result["passes"]["1"]["CIDEr"] > 0.5
    table = runner.invoke(app, arguments[:-1], catch_exceptions=False)
    assert "CIDEr" in table.stdout
