# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which words a captioner says of which objects."""

import json

import pytest

from benchmarks.confusions import (
    Confusions,
    ConfusionsError,
    count_confusions,
    listed_objects,
    parsed_objects,
    read_confusions,
)
from benchmarks.plain_words import PlainParser, PlainWords
from mmser_ros.language.taxonomy import Taxonomy

WORDS = Taxonomy()
READ = parsed_objects(PlainParser(), PlainWords())


def count(pairs, **options):
    """Of (caption, truth) pairs."""
    captions = {str(number): caption for number, (caption, _) in enumerate(pairs)}
    truth = {str(number): objects for number, (_, objects) in enumerate(pairs)}
    return count_confusions(captions, truth, **{"read": READ, "words": WORDS, **options})


def test_what_is_named_rightly_is_counted_so():
    pairs = [
        ("a chair", {"chair"}),
        ("a couch and two chairs", {"sofa", "chair"}),  # a synonym
        ("a person", {"woman"}),  # more general
        ("a woman", {"person"}),  # less general
    ]
    found = count(pairs)
    sofa = WORDS.canonical("sofa")
    assert found.confusions == {
        "chair": {"chair": 2},
        sofa: {sofa: 1},
        "woman": {"woman": 1},
        "person": {"person": 1},
    }
    assert (found.missed, found.invented, found.pictures) == ({}, {}, 4)


def test_a_wrong_word_is_said_of_what_was_left_out_and_is_of_its_kind():
    found = count([("a bench", {"chair", "man"}), ("a chair", {"chair", "man"})])
    assert found.confusions["chair"] == {"bench": 1, "chair": 1}
    assert found.missed == {"man": 2}
    assert found.invented == {}
    found = count([("a chair and a dog", {"chair"})])
    assert (found.missed, found.invented) == ({}, {"dog": 1})


def test_where_it_could_be_several_each_pair_counts_its_share():
    found = count([("a bench", {"chair", "table"})])
    assert found.confusions == {"chair": {"bench": 0.5}, "table": {"bench": 0.5}}
    assert found.missed == {"chair": 0.5, "table": 0.5}
    found = count([("a bench and a desk", {"chair"})])
    assert found.confusions == {"chair": {"bench": 0.5, "desk": 0.5}}
    assert found.invented == {"bench": 0.5, "desk": 0.5}


def test_places_and_denials_are_no_objects():
    found = count([("a kitchen with a chair and no dog", {"chair", "kitchen"})])
    assert (found.confusions, found.missed, found.invented) == ({"chair": {"chair": 1}}, {}, {})


def test_confidences_are_those_of_right_and_wrong_captions():
    pairs = [("a chair", {"chair"}), ("a dog", {"chair"}), ("a chair", {"chair", "man"})]
    found = count(pairs, confidences={"0": 0.9, "1": 0.2, "2": 0.7})
    assert (found.right, found.wrong) == ((0.7, 0.9), (0.2,))
    assert count(pairs, confidences={"1": 0.4}).wrong == (0.4,)


def test_a_list_of_words_reads_captions_too():
    read = listed_objects(["dog", "bench", "fire hydrant", "hydrant"])
    assert list(read("Two dogs on benches near a fire hydrant, dogged")) == [
        "dog",
        "bench",
        "fire hydrant",
    ]
    found = count([("a hot dog on a lamp", {"lamp"})], read=listed_objects(["lamp"]))
    assert (found.confusions, found.invented) == ({"lamp": {"lamp": 1}}, {})


@pytest.mark.parametrize(
    ("captions", "truth"), [({}, {}), ({"1.jpg": "a dog"}, {"2.jpg": ["dog"]})]
)
def test_captions_without_truth_are_refused(captions, truth):
    with pytest.raises(ConfusionsError, match="expected some, each of an image"):
        count_confusions(captions, truth, read=READ, words=WORDS)


def test_a_file_keeps_them(tmp_path):
    pairs = [("a bench and a desk", {"chair"}), ("a dog", {"dog"})]
    found = count(pairs, confidences={"0": 0.3, "1": 0.8})
    path = tmp_path / "confusions.json"
    path.write_text(json.dumps(found.as_dict()))
    assert read_confusions(path) == found
    empty = Confusions(1, {}, {}, {})
    path.write_text(json.dumps(empty.as_dict()))
    assert read_confusions(path) == empty


@pytest.mark.parametrize(
    "change",
    [
        {"pictures": 0},
        {"confusions": None},
        {"missed": {"dog": -1}},
        {"invented": {"dog": "often"}},
        {"confidences": {"right": [1.5]}},
        None,
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, change):
    path = tmp_path / "odd.json"
    good = count([("a dog", {"dog"})]).as_dict()
    path.write_text("{" if change is None else json.dumps({**good, **change}))
    with pytest.raises(ConfusionsError, match=r"odd\.json is no file of confusions"):
        read_confusions(path)
    with pytest.raises(ConfusionsError, match=r"gone\.json"):
        read_confusions(tmp_path / "gone.json")
