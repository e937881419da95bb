# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import signal

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from typer.testing import CliRunner

from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.untrained import read_architecture
from mmser_ros.cli.main import app
from mmser_ros.core.resources import share_path
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.recipe import read_recipe, read_refine_recipe
from test.killable import members, start, wait
from test.training.conftest import write_split

GLANCE = {"epochs": 4, "batch_size": 4, "captions": 5, "learning_rate": 1e-3, "threads": 1}
RECIPE = {"architecture": "tiny", "vocabulary": 300, "views": 1, "holdout": 2, "glance": GLANCE}


def write_recipe(folder, **changes):
    (folder / "recipe.yaml").write_text(yaml.safe_dump({**RECIPE, **changes}))
    return folder / "recipe.yaml"


def states(folder):
    return {
        file.name: torch.load(file, weights_only=True) for file in folder.glob("work/*.state.pt")
    }


@pytest.fixture
def command(tmp_path, tiny_checkpoint):
    """The arguments of a training whose files go to a folder, by the changes of its recipe."""
    write_split(tmp_path, "train", 14)

    def arguments(folder, **changes):
        folder.mkdir(exist_ok=True)
        recipe = write_recipe(tmp_path, **changes)
        start = ["train", "glance", "--data", tmp_path, "--model", tiny_checkpoint]
        return [*start, "--recipe", recipe, "--work", folder / "work", "--out", folder / "out"]

    return arguments


def test_a_run_killed_at_random_moments_ends_with_the_weights_of_one_that_was_not(
    tmp_path, command
):
    """SIGKILL while preparing and twice in training; float32 weights within 1e-6."""
    consensus = {"epochs": 2, "batch_size": 4, "learning_rate": 1e-4, "threads": 1}
    changes = {"views": 2, "consensus": consensus}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    log = tmp_path / "log"
    status, said = wait(start(command(whole, **changes), log), log)
    assert status == 0, said
    random = np.random.default_rng(0)
    reached = []
    for steps in (0, *random.integers(1, 6, 2)):
        die_at = int(steps), int(random.integers(1, 20_000 if steps == 0 else 2_000))
        status, said = wait(start(command(killed, **changes), log, die_at), log)
        assert status == -signal.SIGKILL, said
        reached.append(sum(state["step"] for state in states(killed).values()))
    assert reached == sorted(reached)
    assert 0 < reached[-1] < 4 * 3 + 2 * 3
    status, said = wait(start(command(killed, **changes), log), log)
    assert status == 0, said
    ended, expected = states(killed), states(whole)
    assert ended.keys() == expected.keys() == {"glance.state.pt", "consensus.state.pt"}
    for name, state in expected.items():
        for kind in ("parameters", "average"):
            torch.testing.assert_close(ended[name][kind], state[kind], rtol=0, atol=1e-6)
    one, other = (load_checkpoint(folder / "out")[0].state_dict() for folder in (whole, killed))
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)  # they are of float16


def test_two_processes_train_as_one(tmp_path, command, tiny_checkpoint):
    """The same batches: the weights differ by less than 3 % of the way they went.

    Rounding is in bfloat16, and AdamW enlarges it where gradients are small: measured 1.0 %, and
    32 % with the data in another order.
    """
    logs = [tmp_path / f"log{number}" for number in range(3)]
    runs = [start(command(tmp_path / "one"), logs[0])]
    both = zip(members(2), logs[1:], strict=True)
    runs += [start(command(tmp_path / "two"), log, None, member) for member, log in both]
    ends = [wait(run, log) for run, log in zip(runs, logs, strict=True)]
    assert [status for status, _ in ends] == [0, 0, 0], ends
    assert ["checkpoint written" in said for _, said in ends] == [True, True, False]
    assert ["held-out CIDEr" in said for _, said in ends] == [True, True, False]
    weights = [
        torch.cat([one.flatten() for one in load_checkpoint(folder)[0].state_dict().values()])
        for folder in (tiny_checkpoint, tmp_path / "one" / "out", tmp_path / "two" / "out")
    ]
    way = (weights[1] - weights[0]).norm()
    assert (weights[2] - weights[1]).norm() < 0.03 * way


def test_stage_0_trains_the_connector_alone_on_pictures_as_they_come(tmp_path, tiny_checkpoint):
    """LLaVA's form, features computed afresh, two pictures that can't be read."""
    records = []
    for number, word in enumerate(["red", "green", "blue", "white", "black", "torn", "gone"]):
        if word not in ("torn", "gone"):
            Image.new("RGB", (30, 20), word).save(tmp_path / f"{word}.png")
        answer = {"from": "gpt", "value": f"a {word} wall"}
        records.append({"id": number, "image": f"{word}.png", "conversations": [answer]})
    (tmp_path / "torn.png").write_bytes((tmp_path / "red.png").read_bytes()[:60])
    (tmp_path / "chat.json").write_text(json.dumps(records))
    recipe = write_recipe(tmp_path, holdout=1, cache=False, connector=GLANCE)
    arguments = ["train", "connector", "--data", tmp_path / "chat.json", "--recipe", recipe]
    out = tmp_path / "out"
    arguments += ["--model", tiny_checkpoint, "--out", out, "--work", tmp_path / "work"]
    done = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0
    assert "2 of 7 images can't be read: torn.png, gone.png" in done.stderr
    assert not (tmp_path / "work" / "features").exists()
    before, after = (load_checkpoint(one)[0].state_dict() for one in (tiny_checkpoint, out))
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith("glance_connector.") for name in moved)


def test_stage_0_needs_a_recipe_and_a_language_model_that_speaks(tmp_path):
    write_split(tmp_path, "train", 4)
    arguments = ["train", "connector", "--data", str(tmp_path), "--recipe"]
    without = CliRunner().invoke(app, [*arguments, str(share_path("config/train/nano.yaml"))])
    assert isinstance(without.exception, TrainingError)
    assert "the recipe has no 'connector'" in str(without.exception)
    recipe = write_recipe(tmp_path, architecture="nano", connector=GLANCE)
    mute = CliRunner().invoke(app, [*arguments, str(recipe)])
    assert isinstance(mute.exception, TrainingError)
    assert "is untrained" in str(mute.exception)


def test_the_papers_recipes_can_be_read():
    recipe = read_recipe(share_path("config/train/specialist.yaml"))
    assert recipe.connector
    assert (recipe.connector.epochs, recipe.glance.epochs) == (1, 10)
    architecture = read_architecture(recipe.architecture)
    refine = read_refine_recipe(share_path("config/train/specialist_refine.yaml"))
    assert refine.refine.epochs == 2
    assert refine.levels == architecture.vision.levels
    assert refine.ser_connector == architecture.ser_connector
    schedules = (recipe.connector, recipe.glance, refine.refine)
    assert {(one.weight_decay, one.warmup) for one in schedules} == {(0.0, 0.03)}
