# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions of a walk go wrong as they were counted to."""

from dataclasses import replace

import pytest

from benchmarks.confused_walk import ConfusedWalk
from benchmarks.confusions import Confusions, count_confusions, parsed_objects
from benchmarks.plain_words import PlainParser, PlainWords
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.simulation.house import House
from test.benchmarks.made_confusions import TAKEN_FOR, made_confusions

WORDS = Taxonomy()
PERFECT = Confusions(10, {"chair": {"chair": 9.0}}, {}, {})


def captions(counted, views=150):
    walk = ConfusedWalk(House(11), counted, WORDS, 11)
    return [one.caption for one in walk.observations(views)]


def heads(caption):
    return [WORDS.canonical(one.head) for one in caption.phrases]


def test_without_errors_it_says_what_is_there():
    house = House(11)
    there = {WORDS.canonical(item.word) for item in house.items}
    said = {head for one in captions(PERFECT) for head in heads(one)}
    assert said <= there
    assert len(said) > 10


def test_an_object_is_taken_for_what_it_was_taken_for():
    taken = Confusions(10, {"chair": {"bench": 5.0, "chair": 5.0}, "mug": {"mug": 9.0}}, {}, {})
    said = [head for one in captions(taken) for head in heads(one)]
    plain = [head for one in captions(PERFECT) for head in heads(one)]
    assert said.count("bench") > 2 * plain.count("bench")
    assert said.count("mug") > 0
    silent = Confusions(10, {"chair": {"chair": 1.0}}, {"chair": 9.0, "mug": 5.0}, {})
    quiet = [head for one in captions(silent) for head in heads(one)]
    assert len(quiet) < len(plain) / 2
    assert "mug" not in quiet


def test_what_is_invented_is_said_as_often_as_it_was():
    dogs = replace(PERFECT, pictures=10, invented={"dog": 5.0})
    said = [heads(one).count("dog") for one in captions(dogs, 400)]
    assert sum(said) / len(said) == pytest.approx(0.5, abs=0.1)


def test_confidences_are_those_of_right_and_of_wrong_captions():
    counted = replace(PERFECT, invented={"dog": 5.0}, right=(0.9, 0.8), wrong=(0.2,))
    for one in captions(counted):
        assert one.confidence in ((0.2,) if "dog" in heads(one) else (0.9, 0.8))
    unknown = captions(replace(PERFECT, invented={"dog": 5.0}))
    assert all(0 < one.confidence < 1 for one in unknown)


def test_counting_its_captions_gives_what_they_were_made_of():
    """Captions of single objects, so that it is known what each word was said of."""

    class OneObject(ConfusedWalk):
        def _chosen(self, ranked):
            told.append(super()._chosen(ranked)[:1])
            return told[-1]

    told = []
    counted = replace(made_confusions(wrong=0.3), invented={})
    walk = OneObject(House(11), counted, WORDS, 11)
    said = [one.caption.text for one in walk.observations(1500)]
    found = count_confusions(
        {str(n): text for n, text in enumerate(said)},
        {str(n): [item.word for item, _ in one] for n, one in enumerate(told)},
        read=parsed_objects(PlainParser(), PlainWords()),
        words=WORDS,
    )
    rows = {word: row for word, row in found.confusions.items() if word in TAKEN_FOR}
    right = sum(row.get(word, 0) for word, row in rows.items())
    assert right / sum(sum(row.values()) for row in rows.values()) == pytest.approx(0.7, abs=0.06)
