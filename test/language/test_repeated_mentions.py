# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.repeated_mentions import join_repeated
from mmser_ros.language.taxonomy import Taxonomy

PARSER, WORDS = CaptionParser(), Taxonomy()


def read(caption):
    joined = join_repeated(PARSER.parse(caption), WORDS)
    heads = [one.head for one in joined.objects]
    held = {(heads[one.subject], one.predicate, heads[one.object]) for one in joined.relations}
    return heads, held


def test_a_definite_mention_is_the_object_before_it():
    heads, held = read("A bedroom with a brown bed. A bag and a ball are on the bed.")
    assert heads == ["bed", "bag", "ball"]
    assert held == {("bag", "on", "bed"), ("ball", "on", "bed")}


def test_a_more_general_word_repeats_too():
    heads, held = read("There is a coffee table. There is a mug on the table.")
    assert heads == ["table", "mug"]
    assert held == {("mug", "on", "table")}


@pytest.mark.parametrize(
    "caption",
    [
        "a red mug next to the blue mug",
        "a chair and a chair",
        "two chairs. the chair is red",
        "the mug on the table",
        "no bed. the bed is in a room",
    ],
)
def test_other_mentions_stay(caption):
    parsed = PARSER.parse(caption)
    assert join_repeated(parsed, WORDS) == parsed
