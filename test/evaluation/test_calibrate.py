# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.confidence import feature_names
from mmser_ros.cli.main import app
from mmser_ros.evaluation.calibrate import CalibrationError, fit
from test.data.sets import write_set


def spoken(count, *, learnable=True):
    """Features after two passes; how often a caption is right follows the lowest of the first."""
    random = np.random.default_rng(7)
    table = -random.random((count, len(feature_names(2))))
    rows = [dict(zip(feature_names(2), row, strict=True)) for row in table.tolist()]
    odds = np.array([6 * row["first_lowest"] + 3 for row in rows]) if learnable else 0.0
    return rows, random.random(count) < 1 / (1 + np.exp(-odds))


def test_what_can_be_told_is_learnt():
    fitted = fit(2, *spoken(3000))
    weights = fitted.calibration.weights
    assert weights["first_lowest"] == pytest.approx(6, abs=0.7)
    assert fitted.calibration.intercept == pytest.approx(3, abs=0.7)
    assert max(abs(w) for name, w in weights.items() if name != "first_lowest") < 0.7
    before, after = fitted.before.scores(), fitted.after.scores()
    assert after["ECE"] < after["ECE by chance"] + 0.02 < before["ECE"]
    assert after["AUROC"] > 0.75 > before["AUROC"]


def test_figures_are_of_pictures_that_were_not_fitted_to():
    """Where there is nothing to learn, what was fitted to itself would seem to know something."""
    scores = fit(2, *spoken(60, learnable=False)).after.scores()
    assert scores["AUROC"] < 0.55


def test_the_same_captions_give_the_same_coefficients():
    assert fit(2, *spoken(100)).calibration == fit(2, *spoken(100)).calibration


@pytest.mark.parametrize("right", [0, 9, 41])
def test_too_few_of_one_kind_are_refused(right):
    rows, _ = spoken(50)
    with pytest.raises(CalibrationError, match=f"{right} of 50 captions of 2 passes are right"):
        fit(2, rows, np.arange(50) < right)


def test_sets_are_fitted_to_together_and_reported_apart():
    rows, right = spoken(300)
    sets = ["one", "other", "other"] * 100
    fitted = fit(2, rows, right, sets)
    assert fitted.calibration == fit(2, rows, right).calibration
    parts = fitted.by_set()
    assert list(parts) == ["one", "other"]
    np.testing.assert_array_equal(parts["one"]["after"].right, right[::3])
    np.testing.assert_array_equal(parts["one"]["after"].confidences, fitted.after.confidences[::3])
    assert len(parts["other"]["before"].right) == 200


def test_mmser_calibrate(refining_checkpoint, tmp_path, monkeypatch, picture):
    names = [f"{number}.png{'!' * (number == 3)}" for number in range(38)]
    some = {f"{number}.png": [f"a wall {number}"] for number in range(38)}
    write_set(tmp_path, "walls", "train", names, captions=some)
    write_set(tmp_path, "rooms", "train", names[:3], labels=dict.fromkeys([*some][:3], "kitchen"))
    apart = {"walls": list(some), "rooms": ["0.png", "1.png"]}
    (tmp_path / "validation.json").write_text(json.dumps(apart))

    def every_third(judge, captions, examples):
        """What an untrained model says has nothing to judge; the last can't be judged at all."""
        assert captions.keys() <= examples.keys()
        return {name: int(name[:-4]) % 3 > 0 for name in captions if name != "37.png"}

    monkeypatch.setattr("mmser_ros.evaluation.calibrate.judge_captions", every_third)
    options = ["--data", tmp_path, "--model", refining_checkpoint, "--out", tmp_path / "out"]
    options += ["--quantize", "none", "--passes", "1,2", "--diagram", tmp_path / "reliability.png"]

    def run(*more):
        done = CliRunner().invoke(app, ["calibrate", *map(str, [*options, *more])])
        if done.exception:
            raise done.exception
        return done.stdout

    result = json.loads(run("--json"))
    assert (result["corrupt"], list(result["passes"])) == (
        {"rooms": [], "walls": ["3.png"]},
        ["1", "2"],
    )
    assert result["quantize"] == "none"
    first = result["passes"]["1"]
    assert (first["n"], first["right"]) == (38, pytest.approx(25 / 38))
    assert (first["sets"]["walls"]["n"], first["sets"]["rooms"]["n"]) == (36, 2)
    assert first["sets"]["rooms"]["right"] == 0.5
    measures = {"ECE", "ECE by chance", "Brier", "Brier of a constant", "AUROC"}
    assert first["after"].keys() == first["sets"]["walls"]["after"].keys() == measures
    assert Image.open(tmp_path / "reliability.png").size == (920, 460)
    for file in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "out" / file).read_bytes() == (refining_checkpoint / file).read_bytes()
    config = load_checkpoint(tmp_path / "out")[0].config
    assert [one.passes for one in config.calibrations] == [1, 2]
    calibrated = Captioner.load(str(tmp_path / "out"), quantize="none")
    (glance,), (second,) = calibrated.caption_passes([picture], passes=2)
    assert second.confidence == config.calibrations[1].confidence(glance, second)
    assert "walls" in run()
    with pytest.raises(CalibrationError, match="use more images"):
        run("--limit", 4)
