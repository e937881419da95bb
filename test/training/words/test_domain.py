# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector for another domain, trained from a folder of sets in miniature."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint, save_checkpoint
from mmser_ros.captioner.config import WordsConfig
from mmser_ros.captioner.untrained import build_untrained
from mmser_ros.cli.main import app
from mmser_ros.core.resources import share_path
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.words.domain import read_domain_recipe, run_domain
from test.data.sets import write_set

RECIPE = {
    "name": "homes",
    "least": 3,
    "others": 4,
    "words": {
        "hidden_size": 8,
        "folds": 2,
        "blanks": 0,
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 1e-3,
    },
    "adapter": {"rank": 2, "keep": 0.5, "epochs": 2, "batch_size": 4, "learning_rate": 1e-3},
}


@pytest.fixture
def told(tmp_path, tiny_config):
    """The folder of a model with words."""
    torch.manual_seed(0)
    places = {**tiny_config.language.architecture, "max_position_embeddings": 1000}
    language = replace(tiny_config.language, architecture=places)
    words = WordsConfig(("bed", "dog", "kitchen", "nothing"), 8)
    specialist, tokenizer = build_untrained(replace(tiny_config, words=words, language=language))
    save_checkpoint(tmp_path / "told", specialist, tokenizer, dtype="int8")
    return tmp_path / "told"


@pytest.fixture
def data(tmp_path):
    """Bright images of homes, and dark ones of dogs."""
    names = [f"{number}.png" for number in range(8)]
    homes = {name: {"scene": "kitchen", "objects": [["bed", 0, 0, 9, 9]]} for name in names}
    told = {name: ["a bed in a kitchen", "A kitchen with a bed."] for name in names}
    write_set(tmp_path, "homes", "train", names, shade=200, labels=homes, captions=told)
    write_set(tmp_path, "dogs", "train", names, captions={name: ["a dog"] for name in names})
    return tmp_path


def test_one_command_adds_a_domain_and_leaves_the_rest_as_it_was(tmp_path, told, data):
    (tmp_path / "homes.yaml").write_text(yaml.safe_dump(RECIPE))
    command = ["train", "domain", "--data", data, "--sets", "homes", "--model", told]
    command += ["--recipe", tmp_path / "homes.yaml", "--work", tmp_path / "work"]
    for out in ("once", "again"):  # the second finds all stages finished
        done = CliRunner().invoke(app, [*map(str, command), "--out", str(tmp_path / out)])
        assert done.exit_code == 0, done.output
    before, _ = load_checkpoint(told)
    after, _ = load_checkpoint(tmp_path / "once")
    assert after.config.words.domain.names == ("bed", "kitchen")
    assert all(one.up.any() for one in after.domain_language.updates.values())
    weights = after.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in before.state_dict().items())
    again = (tmp_path / "again" / "model.safetensors").read_bytes()
    assert again == (tmp_path / "once" / "model.safetensors").read_bytes()
    captioners = [Captioner.load(one, quantize="none") for one in (told, tmp_path / "once")]
    for shade, same in ((3, True), (203, False)):
        image = np.full((20, 30, 3), shade, np.uint8)
        one, other = (captioner.caption(image).log_probabilities for captioner in captioners)
        assert (one == other) == same


def test_sets_that_no_gate_tells_apart_are_an_error(tmp_path, told, data):
    names = [f"{number}.png" for number in range(8)]
    write_set(data, "dogs", "train", names, shade=200, captions={name: ["a dog"] for name in names})
    (tmp_path / "homes.yaml").write_text(yaml.safe_dump(RECIPE))
    recipe = read_domain_recipe(tmp_path / "homes.yaml")
    with pytest.raises(TrainingError, match="no gate tells"):
        run_domain(
            recipe, data, ["homes"], told, tmp_path / "out", tmp_path / "work",
            lambda items, *_: items,
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_recipes_and_models_that_make_no_sense_are_refused(tmp_path, data, tiny_checkpoint):
    recipe = read_domain_recipe(share_path("config/train/homes.yaml"))
    with pytest.raises(TrainingError, match="tiny has no word detector"):
        run_domain(
            recipe, data, ["homes"], tiny_checkpoint, tmp_path / "out", tmp_path / "work",
            lambda items, *_: items,
        )  # fmt: skip
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**RECIPE, "least": 0}))
    with pytest.raises(TrainingError, match="is no recipe"):
        read_domain_recipe(tmp_path / "odd.yaml")
