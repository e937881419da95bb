# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.core.resources import share_path
from mmser_ros.data.perturbation.perturb import (
    MOST_ERRORS,
    LexiconErrorMaker,
    pseudo_initial_captions,
)
from mmser_ros.data.perturbation.substitutions import CATEGORIES, Lexicon

LEXICON = Lexicon(share_path("config/lexicon/planted_errors.yaml"))
MAKER = LexiconErrorMaker(LEXICON)
WORDS = sorted({word for words in LEXICON.words.values() for word in words})


def plant(caption, count, seed=0):
    return next(MAKER.plant([caption], [count], seed))


def test_each_category_is_planted():
    caption = "Two men in red shirts are sitting next to a dog"
    found = {error.category for seed in range(30) for error in plant(caption, 1, seed).errors}
    assert found == set(CATEGORIES)


def test_forms_stay():
    """Plurals stay plural, -ing stays -ing, the first letter stays large."""
    people = {plant("Men", 1, seed).text for seed in range(20)}
    assert people == {"Women", "Boys"}
    for seed in range(20):
        verb = plant("a child is running", 3, seed).text.split()[-1]
        assert verb.endswith("ing")
        assert verb != "running"


@pytest.mark.parametrize(
    ("caption", "possible"),
    [("a brown sofa near a carrot", "an apple"), ("an orange hat", "a ")],
)
def test_the_article_follows_the_word(caption, possible):
    texts = [plant(caption, 2, seed).text for seed in range(40)]
    assert any(possible in text for text in texts)
    for text in texts:
        words = text.split()
        for article, word in itertools.pairwise(words):
            if article in ("a", "an"):
                assert (article == "an") == (word[0] in "aeiou"), text


def test_the_first_letter_is_large_at_the_beginning_alone():
    assert {plant("a Dog", 1, seed).text for seed in range(40)} == {
        f"a {word}" for word in ("cat", "fox", "goat", "wolf")
    }


def test_one_spelling_of_gray_is_enough():
    texts = {plant("a black and grey cat", 2, seed).text for seed in range(40)}
    assert not any("gray" in text for text in texts)
    assert any("brown and grey" in text for text in texts)


def test_a_caption_is_as_if_it_stood_alone():
    """What is left out at the beginning, or repeated, changes nothing for the others."""
    captions = ["A man sits on a bench"] * 3 + ["Two dogs run"] + ["A man sits on a bench"] * 2
    counts = [1, 2, 3, 1, 2, 3]
    whole = list(MAKER.plant(captions, counts, 7))
    assert len({one.text for one in whole[:3]}) > 1
    for skip in range(7):
        assert list(MAKER.plant(captions, counts, 7, skip)) == whole[skip:]


def test_nothing_to_plant():
    pseudo = plant("snowmobiles everywhere", 3)
    assert (pseudo.text, pseudo.errors) == ("snowmobiles everywhere", ())


@given(
    st.lists(st.sampled_from([*WORDS, "a", "the", "and", "zebra", "A", "."]), max_size=12),
    st.integers(0, 5),
    st.integers(0, 9),
)
@settings(deadline=None)  # the first caption loads the parser
def test_errors_say_what_was_done(words, count, seed):
    """Any caption: as many as asked at most; what is not named is as it was."""
    caption = " ".join(words)
    pseudo = plant(caption, count, seed)
    assert len(pseudo.errors) <= count
    assert plant(caption, count, seed) == pseudo
    rest = caption.lower().split()
    made = pseudo.text.lower().split()
    for error in pseudo.errors:
        assert error.category in CATEGORIES
        assert error.after.lower() not in caption.lower().split()
        for word in error.before.lower().split():
            rest.remove(word)
        for word in error.after.lower().split():
            made.remove(word)
    articles = {"a", "an"}
    assert sorted(set(rest) - articles) == sorted(set(made) - articles)
    assert len(rest) == len(made)


def test_counts_are_even():
    captions = ["Two men in red shirts are sitting next to a dog"] * 100
    made = list(pseudo_initial_captions(captions, MAKER, 4))
    counts = [len(pseudo.errors) for _, pseudo in made]
    assert len(made) == 400
    for count in range(MOST_ERRORS + 1):
        assert counts.count(count) == pytest.approx(100, abs=40)
