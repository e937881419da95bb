# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores by classes, scenes and objects, on captions written for the purpose."""

import json

import pytest

from mmser_ros.data.example import Example
from mmser_ros.data.tar_pictures import DatasetError
from mmser_ros.evaluation.coco_objects import score_objects
from mmser_ros.evaluation.metrics import MetricError
from mmser_ros.evaluation.rooms import RoomWords, score_rooms
from mmser_ros.evaluation.scenes import score_scenes
from mmser_ros.evaluation.scoring import Judge
from test.data.sets import write_sets


def values(figures):
    return {name: figure.value for name, figure in figures.items()}


@pytest.fixture
def judge(tmp_path):
    return Judge(write_sets(tmp_path))


def test_classes_that_are_not_there(judge):
    captions = {"a": "a man and a dog on a bike", "b": "a cat on a bed", "c": "grass"}
    labels = {"a": {"person", "bicycle"}, "b": {"cat", "bed", "book"}, "c": {"cow"}}
    assert values(score_objects(judge.objects, captions, labels)) == {
        "COCO CHAIR-i": pytest.approx(1 / 5),  # the dog; a bike may be a bicycle
        "COCO CHAIR-s": pytest.approx(1 / 3),
        "COCO recall": pytest.approx(4 / 6),
    }


def test_rooms_said_and_right(judge):
    captions = {
        "a": "a cafe",
        "b": "a bedroom with a bed",
        "c": "a room with a chair",
        "d": "a hallway and a library",
    }
    scenes = {"a": "coffee shop", "b": "living room", "c": "office", "d": "corridor"}
    assert values(score_scenes(judge.scenes, captions, scenes)) == {
        "room_said": 3 / 4,
        "room_right": pytest.approx(2 / 3),
    }


def test_what_rooms_have():
    words = RoomWords(
        alike={"sofa": ["couch", "sofa"], "chair": ["chair", "chairs"]},
        indoor=["couch", "sofa", "chair", "chairs", "lamp", "pillows", "desk"],
        living=["man", "dog"],
        outdoors=["grass"],
    )
    example = Example(
        "rooms", "a", objects=("sofa", "fish tank", "chair"), phrases=("two pillows on the lamp",)
    )
    one = words.judge("A couch, pillows, a desk and a fish-tank, a man", example)
    assert one.named == (True, True, False)
    assert (one.right, one.wrong) == ({"couch", "pillows"}, {"desk"})
    assert one.invented == {"man"}
    assert (one.precision, one.recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    nothing = words.judge("a picture", example)
    assert (nothing.precision, nothing.recall, nothing.f1) == (0, 0, 0)
    there = Example("rooms", "b", objects=("dog",))
    captions = {"a": "a couch", "b": "a dog on the grass", "c": "a dog"}
    figures = values(score_rooms(words, captions, {"a": example, "b": there, "c": there}))
    assert figures == {
        "hit": 1.0,
        "precision": pytest.approx(1 / 3),
        "recall": pytest.approx((1 / 3 + 1 + 1) / 3),
        "F1": pytest.approx((2 * 1 * (1 / 3) / (4 / 3)) / 3),
        "invented": pytest.approx(1 / 3),
    }


def test_a_file_of_other_words_is_refused(tmp_path):
    path = tmp_path / "rooms_words.json"
    good = {"alike": {"a": ["b"]}, "indoor": [], "living": [], "outdoors": ["c"]}
    for change in ({"alike": []}, {"indoor": None}, {"living": [3]}, {"alike": {"a": 3}}):
        path.write_text(json.dumps({**good, **change}))
        with pytest.raises(DatasetError, match=r"rooms_words\.json is not as expected"):
            RoomWords.read(path)
    path.write_text(json.dumps(good))
    RoomWords.read(path)


def test_pictures_of_which_nothing_is_known_can_not_be_scored(judge):
    with pytest.raises(MetricError, match="got 1 captions"):
        judge.figures({"a": "a dog"}, {"a": Example("x", "a")})
