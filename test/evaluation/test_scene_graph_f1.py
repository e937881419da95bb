# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest

from mmser_ros.evaluation.scene_graph_f1 import parse, structure_figures, unseen_entities


def scores_of(captions, references):
    return {name: one.value for name, one in structure_figures(captions, references).items()}


def test_entities_attributes_and_relations():
    (one,) = parse(["Two men in red shirts are sitting on a wooden bench ."])
    assert one.entities == {"man", "shirt", "bench"}
    assert one.attributes == {("man", "two"), ("shirt", "red"), ("bench", "wooden")}
    assert one.relations == {("man", "in", "shirt"), ("man", "on", "bench")}
    (two,) = parse(["a dog carrying a tennis ball"])
    assert two.entities == {"dog", "ball"}
    assert two.attributes == {("ball", "tennis")}
    assert two.relations == {("dog", "carry", "ball")}


def test_nouns_of_place_and_number_are_no_entities():
    (one,) = parse(["a group of people at the side of a road"])
    assert one.entities == {"people", "road"}


def test_what_nobody_else_saw():
    references = {"a": ["a man rides a horse", "a cowboy on a brown horse"], "b": ["a dog runs"]}
    captions = {"a": "a cowboy on a cow", "b": "a dog"}
    assert unseen_entities(captions, references) == {"a": {"cow"}, "b": frozenset()}
    scores = scores_of(captions, references)
    assert scores["CHAIR-i"] == pytest.approx(1 / 3)
    assert scores["CHAIR-s"] == pytest.approx(1 / 2)


def test_f1_is_against_the_reference_that_agrees_best():
    references = {"a": ["a red ball on a table", "a man"]}
    scores = scores_of({"a": "a red ball"}, references)
    assert scores["entity F1"] == pytest.approx(2 / 3)
    assert scores["attribute F1"] == 1.0
    assert scores["relation F1"] == 0.0
    perfect = scores_of({"a": "a man"}, references)
    assert perfect["entity F1"] == 1.0


def test_empty_captions_count_as_nothing_said():
    scores = scores_of({"a": ""}, {"a": ["a man"]})
    assert scores["CHAIR-i"] == scores["CHAIR-s"] == scores["entity F1"] == 0.0
