# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from mmser_ros.data.example import Example
from mmser_ros.evaluation.right import judge_captions
from mmser_ros.evaluation.scoring import Judge
from test.data.sets import write_sets


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    return Judge(write_sets(tmp_path_factory.mktemp("data")))


PEOPLE = {"captions": ("a man on a horse", "a cowboy in a field")}
LABELLED = {"labels": frozenset(["person", "horse", "teddy bear"])}
KITCHEN = {"scene": "kitchen"}
LOBBY = {"scene": "lobby", "objects": ("wall", "person standing")}
ROOM = {"objects": ("sofa", "fish tank"), "phrases": ("two pillows on the sofa",)}


@pytest.mark.parametrize(
    ("known", "caption", "right"),
    [
        (PEOPLE, "a man in a field", True),
        (PEOPLE, "a boy in a field", False),
        (PEOPLE | LABELLED, "a boy in a field", True),
        (PEOPLE | LABELLED, "a boy with a teddy bear", True),
        (PEOPLE | LABELLED, "a boy with a bear", False),
        (PEOPLE | LABELLED, "a boy in a house", False),
        (PEOPLE | LOBBY, "a man in a room", True),
        (PEOPLE | LOBBY, "a wall in a lobby", True),
        (PEOPLE | LOBBY, "a lamp in a lobby", False),
        (LABELLED, "a boy in a house", True),
        (LABELLED, "a boy and a dog", False),
        (KITCHEN, "a kitchen with a stove", True),
        (KITCHEN, "a table and chairs", True),
        (KITCHEN, "a bathroom", False),
        (KITCHEN, "a chair on the grass", False),
        (KITCHEN, "a woman in a kitchen", None),
        (KITCHEN, "a woman in a bathroom", False),
        (LOBBY, "a woman in a lobby", True),
        (LOBBY, "a dog in a lobby", False),
        ({"scene": "phone booth"}, "a phone booth in the street", True),
        (ROOM, "a couch with pillows", True),
        (ROOM, "a couch and a lamp", True),
        (ROOM, "a couch, a lamp and a chair", False),
        (ROOM, "a lamp", False),
        (ROOM, "a dog on a couch", False),
        ({}, "a dog", None),
    ],
)
def test_a_caption_is_right_if_nothing_in_it_is_known_to_be_wrong(judge, known, caption, right):
    verdicts = judge_captions(judge, {"a": caption}, {"a": Example("x", "a", **known)})
    assert verdicts.get("a") is right


def test_verdicts_keep_the_order_of_the_captions(judge):
    examples = {
        "a": Example("x", "a", **ROOM),
        "b": Example("x", "b", **PEOPLE),
        "c": Example("x", "c", **KITCHEN),
    }
    verdicts = judge_captions(judge, dict.fromkeys(examples, "a picture"), examples)
    assert list(verdicts.items()) == [("a", True), ("b", True), ("c", True)]
