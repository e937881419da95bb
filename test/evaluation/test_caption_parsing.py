# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from mmser_ros.evaluation.caption_parsing import KINDS, LabelError, score_parsing
from mmser_ros.language.types import (
    ActionMention,
    ObjectMention,
    ParsedCaption,
    RelationMention,
)


class Said:
    """A parser that says what it was told to."""

    def __init__(self, parsed):
        self.parsed = parsed

    def parse(self, caption):
        return self.parsed


LABEL = {
    "caption": "A red cup and another cup on a table in a kitchen, no lid",
    "objects": ["1 cup (red)", "maybe 1 cup#2", "1 table", "no * lid"],
    "relations": ["cup|on|table", "cup#2|on|table"],
    "actions": ["cup|stand"],
    "place": "kitchen",
}


def test_all_right_and_all_wrong():
    things = (
        ObjectMention("", "cup", ("red",), 1),
        ObjectMention("", "cup", (), 1, hedged=True),
        ObjectMention("", "table", (), 1),
        ObjectMention("", "lid", (), None, negated=True),
    )
    relations = (RelationMention(0, "on", 2), RelationMention(1, "on", 2))
    right = ParsedCaption(things, relations, (ActionMention(0, "stand"),), "kitchen")
    scores = score_parsing(Said(right), [LABEL])
    assert tuple(scores) == KINDS
    assert all(one["precision"] == one["recall"] == 1 for one in scores.values())
    assert [one["labelled"] for one in scores.values()] == [4, 1, 3, 2, 1, 1, 1, 1]

    wrong = ParsedCaption((ObjectMention("", "mug", ("blue",), 2),), (), (), None)
    scores = score_parsing(Said(wrong), [LABEL])
    assert all(one["precision"] == one["recall"] == 0 for one in scores.values())


def test_half_right():
    parsed = ParsedCaption((ObjectMention("", "cup", ("blue",), 1),), (), (), None)
    scores = score_parsing(Said(parsed), [LABEL])
    assert scores["objects"] == {"precision": 1, "recall": 0.25, "labelled": 4}
    assert scores["attributes"]["precision"] == 0


def test_a_label_that_cannot_be_read_is_named():
    label = {**LABEL, "objects": ["a cup"]}
    with pytest.raises(LabelError, match="'a cup' of 'A red cup"):
        score_parsing(Said(ParsedCaption((), (), (), None)), [label])
