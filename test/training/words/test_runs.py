# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Models with words: from a folder of sets to a checkpoint, stage by stage, killed and gone on."""

import itertools
import json
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from typer.testing import CliRunner

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.config import ObjectsConfig
from mmser_ros.captioner.model.object_tower import ObjectTower
from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.captioner.untrained import read_architecture
from mmser_ros.cli.main import app
from mmser_ros.core.resources import share_path
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.progress_log import ProgressLog
from mmser_ros.training.recipe import read_recipe
from mmser_ros.training.tokens import train_tokenizer
from mmser_ros.training.words.recipe import has_words, read_words_recipe
from mmser_ros.training.words.runs import run_words
from test.data.sets import write_set
from test.training.test_pretrained_objects import write_graph_model

RECIPE = {
    "architecture": "tiny",
    "vocabulary": 300,
    "words": {
        "hidden_size": 8,
        "folds": 2,
        "blanks": 3,
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 1e-3,
    },
    "text": {"lines": 12, "epochs": 1, "batch_size": 4, "learning_rate": 1e-3},
    "glance": {
        "lines": 4,
        "captions": {"flickr8k": 2},
        "bare": 0.5,
        "keep": 0.5,
        "keep_channels": 0.9,
        "connector_rate": 2e-3,
        "epochs": 1,
        "batch_size": 2,
        "learning_rate": 1e-3,
    },
    "rewards": {
        "pictures": {"flickr8k": 4, "coco": 3},
        "keep": 0.5,
        "keep_channels": 0.9,
        "epochs": 2,
        "batch_size": 2,
        "learning_rate": 1e-3,
    },
}


def plain(items, *_):
    return items


@pytest.fixture
def data(tmp_path):
    """A folder of sets, and some lines of text."""
    folder = tmp_path / "data"
    folder.mkdir()
    names = [f"{number}.png" for number in range(6)]
    captions = {name: ["a big cat on the bed", "a table in the kitchen"] for name in names}
    write_set(folder, "flickr8k", "train", names, captions=captions)
    classes = {name: [["cat", "bed"], ["dining table"]][int(name[0]) % 2] for name in names[:5]}
    said = {"0.png": ["a cat"]}
    write_set(folder, "coco", "train", names[:5], labels=classes, captions=said)
    scenes = {"0.png": "kitchen", "1.png": "bedroom", "2.png": "kitchen", "3.png": "bedroom"}
    write_set(folder, "houses", "train", names[:4], labels=scenes)
    (folder / "validation.json").write_text(json.dumps({"coco": ["4.png"]}))
    lines = [f"a {size} cat is on the bed {n}" for n in range(20) for size in ("big", "small")]
    (folder / "captions_en.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture
def recipe(tmp_path, tiny_config, monkeypatch):
    """The path of a recipe whose architecture has the smallest language model."""
    language = tiny_config.language
    places = {**language.architecture, "max_position_embeddings": 1000}
    config = replace(tiny_config, language=replace(language, architecture=places))
    (tmp_path / "tiny.json").write_text(config.to_json())
    monkeypatch.setattr(
        "mmser_ros.captioner.untrained.share_path", lambda _: tmp_path / "tiny.json"
    )
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(RECIPE))
    return path


def test_a_run_killed_at_each_stage_ends_with_the_weights_of_one_that_was_not(
    tmp_path, data, recipe, monkeypatch, picture
):
    command = ["train", "glance", "--data", data, "--recipe", recipe, "--out", tmp_path / "whole"]
    command += ["--work", tmp_path / "work"]
    done = CliRunner().invoke(app, list(map(str, command)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "work" / "word_odds.npz").exists()

    monkeypatch.setattr("mmser_ros.training.loop.monotonic", itertools.count(step=1000).__next__)
    step, left = ProgressLog.step, [0]

    def killed(journal, *arguments):
        step(journal, *arguments)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressLog, "step", killed)
    plan = read_words_recipe(recipe)
    for until, steps in (
        ("words", 3),
        ("words", 10),
        ("words", 0),
        ("text", 2),
        ("glance", 5),
        ("glance", 9),
    ):
        left[0] = steps
        with suppress(KeyboardInterrupt):
            run_words(plan, data, tmp_path / until, tmp_path / "killed", plain, until=until)
    left[0] = 0
    run_words(plan, data, tmp_path / "glance", tmp_path / "killed", plain)
    whole, tokenizer = load_checkpoint(tmp_path / "whole")
    resumed, _ = load_checkpoint(tmp_path / "glance")
    one, other = whole.state_dict(), resumed.state_dict()
    assert one.keys() == other.keys()
    torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-6)  # they are of float16
    names = whole.config.words.names
    assert names[0] == "person"
    assert names[-1] == NOTHING
    assert {"cat", "bed", "table", "kitchen"} <= set(names)
    said = Captioner(whole, tokenizer).caption(picture)
    assert said.support is not None


def test_odds_are_of_detectors_that_have_not_seen_the_picture(tmp_path, data, recipe):
    plan = read_words_recipe(recipe)
    work = tmp_path / "work"
    run_words(plan, data, tmp_path / "out", work, plain, until="words")
    with np.load(work / "word_odds.npz") as saved:
        odds = saved["odds"]
    blank = np.isneginf(odds).all(1)
    assert blank.sum() == 3
    assert np.isfinite(odds[~blank]).all()
    assert len(list(work.glob("words_fold*.state.pt"))) == 2
    names = json.loads((work / "word_names.json").read_text())["names"]
    assert odds.shape[1] == len(names)
    again = tmp_path / "again"
    run_words(plan, data, again, work, plain, until="words", model=tmp_path / "out")
    assert load_checkpoint(again)[0].config.words.names == tuple(names)
    changed = replace(plan, words=replace(plan.words, blanks=2))
    with pytest.raises(TrainingError, match=r"is of another run|is of other words"):
        run_words(changed, data, tmp_path / "out", work, plain, until="words")


def test_an_object_tower_is_given_once_and_then_comes_with_the_model(tmp_path, data, recipe):
    fields = {**RECIPE, "objects": {"image_size": 64}}
    recipe.write_text(yaml.safe_dump(fields))
    plan, work = read_words_recipe(recipe), tmp_path / "work"
    with pytest.raises(TrainingError, match="give --objects"):
        run_words(plan, data, tmp_path / "out", work, plain, until="words")
    tower = ObjectTower(ObjectsConfig())
    objects = write_graph_model(tower, tmp_path)
    run_words(plan, data, tmp_path / "out", work, plain, until="words", objects=objects)
    first, _ = load_checkpoint(tmp_path / "out")
    for name, value in tower.state_dict().items():
        torch.testing.assert_close(first.object_tower.state_dict()[name], value, atol=1e-3, rtol=0)
    assert first.word_detector.object_mean.abs().max() > 0
    image = np.zeros((40, 60, 3), np.uint8)
    assert 0.0 <= Captioner.load(tmp_path / "out", quantize="none").caption(image).confidence <= 1.0
    run_words(
        plan,
        data,
        tmp_path / "again",
        tmp_path / "more",
        plain,
        until="words",
        model=tmp_path / "out",
    )
    again, _ = load_checkpoint(tmp_path / "again")
    assert all(
        torch.equal(value, again.object_tower.state_dict()[name])
        for name, value in first.object_tower.state_dict().items()
    )
    with pytest.raises(TrainingError, match="a recipe without objects"):
        run_words(replace(plan, objects=None), data, tmp_path / "out", work, plain, objects=objects)


def test_a_language_model_trained_elsewhere_is_cut_and_goes_on(tmp_path, data, recipe):
    tokenizer = train_tokenizer(["a big cat is on the bed sure likely maybe"] * 9, 320)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4}
    shape |= {"num_attention_heads": 2, "num_key_value_heads": 1, "tie_word_embeddings": True}
    shape |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    size = tokenizer.get_vocab_size()
    LlamaForCausalLM(LlamaConfig(vocab_size=size, **shape)).save_pretrained(tmp_path / "llama")
    special = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(
        tmp_path / "llama"
    )
    fields = {**RECIPE, "pretrained": {"layers": [0, 3], "min_count": 2}}
    del fields["vocabulary"]
    recipe.write_text(yaml.safe_dump(fields))
    plan = read_words_recipe(recipe)
    with pytest.raises(TrainingError, match="give --language"):
        run_words(plan, data, tmp_path / "out", tmp_path / "work", plain)
    options = {"until": "text", "language": str(tmp_path / "llama")}
    run_words(plan, data, tmp_path / "out", tmp_path / "work", plain, **options)
    specialist, _ = load_checkpoint(tmp_path / "out")
    assert specialist.config.language.kind == "llama"
    assert specialist.config.language.architecture["num_hidden_layers"] == 2


def test_shipped_recipes_with_words_can_be_read():
    for name, language in (("small", "llama"), ("nano_words", "opt")):
        path = share_path(f"config/train/{name}.yaml")
        assert has_words(path)
        plan = read_words_recipe(path)
        architecture = read_architecture(plan.architecture)
        assert architecture.language.kind == language
        assert architecture.max_caption_tokens == 40
        assert plan.words.folds == 4
        assert plan.text.lines >= 40_000
    assert not has_words(share_path("config/train/nano.yaml"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary": None}, "expected either pretrained"),
        ({"text": {**RECIPE["text"], "lines": 0}}, "lines is 0"),
        ({"text": None}, "is no recipe"),
        ({"colour": 3}, "is no recipe"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path, change, message):
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**RECIPE, **change}))
    with pytest.raises(TrainingError, match=message):
        read_words_recipe(tmp_path / "odd.yaml")
    with pytest.raises(TrainingError, match="is no recipe"):
        read_recipe(tmp_path / "odd.yaml")
