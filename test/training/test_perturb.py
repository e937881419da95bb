# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from mmser_ros.cli import app
from mmser_ros.resources import share_path
from mmser_ros.training.perturb import (
    CATEGORIES,
    MOST_ERRORS,
    Lexicon,
    LexiconError,
    LexiconErrorMaker,
    pseudo_initial_captions,
)

LEXICON = Lexicon(share_path("config/lexicon/planted_errors.yaml"))
MAKER = LexiconErrorMaker(LEXICON)
WORDS = sorted(text for _, text in LEXICON.replacements)


def plant(caption, count, seed=0):
    return next(MAKER.plant([caption], [count], seed))


def test_each_category_is_planted():
    caption = "Two men in red shirts are sitting next to a dog"
    found = {error.category for seed in range(30) for error in plant(caption, 1, seed).errors}
    assert found == set(CATEGORIES)


def test_forms_stay():
    """Plurals stay plural, -ing stays -ing, the first letter stays large."""
    people = {plant("Men", 1, seed).text for seed in range(9)}
    assert people == {"Women"}
    for seed in range(20):
        verb = plant("a child is running", 3, seed).text.split()[-1]
        assert verb.endswith("ing")
        assert verb != "running"


@pytest.mark.parametrize(
    ("caption", "possible"),
    [("a brown sofa near an apple", "an apple"), ("an orange hat", "a ")],
)
def test_the_article_follows_the_word(caption, possible):
    texts = [plant(caption, 2, seed).text for seed in range(40)]
    assert any(possible in text for text in texts)
    for text in texts:
        words = text.split()
        for article, word in itertools.pairwise(words):
            if article in ("a", "an"):
                assert (article == "an") == (word[0] in "aeiou"), text


def test_a_word_is_taken_for_what_it_is():
    """Parts of speech: no colour in a fruit, no place in a verb."""
    for seed in range(20):
        errors = plant("they park behind a house", 3, seed).errors
        assert "park" not in {error.before for error in errors}


def test_nothing_to_plant():
    pseudo = plant("snowmobiles everywhere", 3)
    assert (pseudo.text, pseudo.errors) == ("snowmobiles everywhere", ())


@given(
    st.lists(st.sampled_from([*WORDS, "a", "the", "and", "zebra", "A", "."]), max_size=12),
    st.integers(0, 5),
    st.integers(0, 9),
)
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


def test_the_command_makes_three_of_each(flickr, tmp_path):
    out = tmp_path / "made" / "pseudo.jsonl"
    arguments = ["perturb", "--data", str(flickr), "--split", "dev", "--out", str(out)]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "60 captions" in done.stdout
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(records) == 4 * 5 * 3
    assert [one["caption"] for one in records[:3]] == ["A red wall ."] * 3
    assert any(one["errors"] for one in records)
    assert any(one["text"] == one["caption"] for one in records)


def test_counts_are_even():
    captions = ["Two men in red shirts are sitting next to a dog"] * 100
    made = list(pseudo_initial_captions(captions, MAKER, 4))
    counts = [len(pseudo.errors) for _, pseudo in made]
    assert len(made) == 400
    for count in range(MOST_ERRORS + 1):
        assert counts.count(count) == pytest.approx(100, abs=40)


@pytest.mark.parametrize(
    "text", ["", "entity: {a: [b]}", "[1]", "entity: {a: [on]}\nattribute: {}\nrelation: {}"]
)
def test_what_is_no_lexicon_is_named(tmp_path, text):
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(LexiconError, match=r"odd\.yaml is no lexicon"):
        Lexicon(tmp_path / "odd.yaml")
