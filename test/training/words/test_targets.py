# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from collections import Counter

import pytest

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.data.example import Example
from mmser_ros.training.words.targets import word_targets
from mmser_ros.training.words.vocabulary import choose_vocabulary

NAMES = (
    *("person", "man", "dog", "cat", "horse", "table", "couch", "sofa", "chair", "kitchen"),
    *("museum", "grass", "fire hydrant", "lamp", NOTHING),
)
EXAMPLES = {
    "several": Example("flickr8k", "a", ("a man on the grass", "his dogs")),
    "one": Example("coco", "b", ("a fire hydrant",), frozenset({"fire hydrant", "dining table"})),
    "people": Example("coco", "c", (), frozenset({"person", "couch"})),
    "scene": Example("places", "d", scene="museum indoor"),
    "boxes": Example("places", "e", scene="kitchen", objects=("sofa", "desk lamp")),
    "crowd": Example("places", "f", scene="kitchen", objects=("person standing",)),
    "house": Example("houses", "g", scene="kitchen"),
    "cat": Example("cats_dogs", "h", objects=("cat",)),
    "dog": Example("cats_dogs", "i", objects=("dog",)),
    "home": Example("nyuv2", "j", objects=("armchair", "fish tank")),
    "other home": Example("nyuv2", "k", objects=("lamp",)),
    "mute": Example("coco", "l"),
}


@pytest.fixture(scope="module")
def known():
    """Example → word → (whether it is there, how much that counts), where anybody knows."""
    targets = word_targets(NAMES, list(EXAMPLES.values()), outdoors=["horses", "boat"])
    return {
        key: {
            word: (bool(truth), round(float(weight), 2))
            for word, truth, weight in zip(NAMES, truths, weights, strict=True)
            if weight
        }
        for key, truths, weights in zip(EXAMPLES, targets.truth, targets.weight, strict=True)
    }


def true(row):
    return {word for word, (truth, _) in row.items() if truth}


def test_what_several_captions_lack_is_not_there(known):
    row = known["several"]
    assert true(row) == {"man", "person", "dog", "grass"}
    assert row.keys() == set(NAMES)
    assert {weight for _, weight in row.values()} == {1.0}


def test_one_caption_and_a_closed_list_of_classes(known):
    row = known["one"]
    assert true(row) == {"fire hydrant", "table"}  # by their everyday words
    # Of the classes that any picture has, and of people, the list says that they are not there.
    for word in ("couch", "person", "man", NOTHING):
        assert row[word] == (False, 1.0)
    assert row["dog"] == row["lamp"] == (False, 0.25)
    assert known["people"]["person"] == (True, 1.0)
    assert "man" not in known["people"]  # or a woman, or a child
    assert true(known["people"]) == {"person", "couch", "sofa"}


def test_scenes_with_and_without_things(known):
    row = known["scene"]
    assert true(row) == {"museum"}
    assert row["kitchen"] == (False, 1.0)
    assert row["dog"] == row["grass"] == row["horse"] == (False, 0.3)
    assert row.keys() == {"museum", "kitchen", "dog", "grass", "horse", NOTHING}
    row = known["boxes"]
    assert true(row) == {"kitchen", "couch", "sofa", "lamp"}
    assert row["man"] == row["person"] == (False, 0.5)
    assert known["crowd"]["person"] == (True, 1.0)
    assert "man" not in known["crowd"]
    assert known["crowd"]["lamp"] == (False, 0.5)
    assert true(known["house"]) == {"kitchen"}


def test_sets_of_one_thing_and_homes(known):
    assert known["cat"] == {"cat": (True, 1.0), "dog": (False, 1.0), NOTHING: (False, 1.0)}
    assert true(known["dog"]) == {"dog"}
    row = known["home"]
    assert true(row) == {"chair"}
    assert row["lamp"] == (False, 0.7)
    for word in ("man", "person", "dog", "cat", "grass"):
        assert row[word] == (False, 1.0)
    assert "table" not in row
    assert known["mute"] == {}


def test_the_vocabulary_has_labels_and_frequent_words_that_can_be_seen():
    examples = [*EXAMPLES.values()] * 8
    examples += [Example("flickr8k", "x", ("two dogs running on the grass during it",))] * 40
    words = ["man", "grass", "dog", "dogs", "two", "running", "during", "fire", "hydrant"]
    kinds = ["NN", "NN", "NN", "NNS", "CD", "VBG", "IN", "NN", "NN"]
    tags = {word: Counter({kind: 9}) for word, kind in zip(words, kinds, strict=True)}
    names = choose_vocabulary(examples, tags=tags)
    assert names == choose_vocabulary(list(reversed(examples)), tags=tags)
    assert names[0] == "person"
    assert names[-1] == NOTHING
    assert len(set(names)) == len(names)
    for word in ("couch", "table", "museum", "chair", "lamp", "cat", "grass", "two", "running"):
        assert word in names
    assert "dogs" in names
    for word in ("dining table", "sofa", "armchair", "museum indoor", "during", "the", "it"):
        assert word not in names


def test_parts_of_speech_are_spacys():
    examples = [Example("flickr8k", str(n), ("A brown dog walks slowly .",)) for n in range(20)]
    names = choose_vocabulary(examples)
    assert names == choose_vocabulary(examples)
    assert {"brown", "dog"} <= set(names)
    assert "slowly" not in names
