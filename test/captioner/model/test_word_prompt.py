# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.captioner.model.word_prompt import GRADES, LEAST, MOST, word_prompt

WORDS = st.text("abcdefgh ", min_size=1, max_size=12).map(str.strip).filter(bool)
RATED = st.lists(st.tuples(WORDS, st.floats(0, 1)), max_size=60, unique_by=lambda one: one[0])


def test_words_are_graded_and_the_likeliest_come_first():
    words = [("park", 0.2), ("dog", 0.9), ("ball", 0.4), ("grass", 0.61), ("cat", 0.1)]
    assert word_prompt(words) == "sure: dog, grass; likely: ball; maybe: park"


def test_grades_without_words_are_left_out():
    assert word_prompt([("ball", 0.4)]) == "likely: ball"
    assert word_prompt([]) == ""


@given(RATED)
def test_each_likely_word_stands_once_in_its_grade(rated):
    prompt = word_prompt(rated)
    told = {}
    for part in filter(None, prompt.split("; ")):
        grade, words = part.split(": ")
        told.update(dict.fromkeys(words.split(", "), grade))
    likely = sorted((one for one in rated if one[1] >= LEAST), key=lambda one: -one[1])[:MOST]
    names = dict(GRADES)
    assert told.keys() == {word for word, _ in likely}
    assert all(probability >= names[told[word]] for word, probability in likely)
