# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.language.word_finder import WordFinder, singular

VOCABULARY = ["person", "man", "dog", "couch", "sofa", "traffic light", "light", "box", "dogs"]


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("dogs", "dog"),
        ("boxes", "box"),
        ("cities", "city"),
        ("benches", "bench"),
        ("men", "man"),
        ("shelves", "shelf"),
        ("grass", "grass"),
        ("bus", "bus"),
        ("skis", "skis"),
        ("ties", "tie"),
        ("shoes", "shoe"),
    ],
)
def test_singulars(plural, one):
    assert singular(plural) == one


def test_plurals_phrases_people_and_words_of_the_same_meaning_are_found():
    finder = WordFinder(VOCABULARY)
    assert finder.find("Two men and their dogs on a couch.") == {
        "person",
        "man",
        "dog",
        "dogs",
        "couch",
        "sofa",
    }
    assert finder.find("traffic lights") == {"traffic light", "light"}
    assert finder.find("a girl") == {"person"}
    assert finder.find("an empty street") == set()


@given(st.text(max_size=80))
def test_any_text_has_only_words_of_the_vocabulary(text):
    assert WordFinder(VOCABULARY).find(text) <= set(VOCABULARY)
