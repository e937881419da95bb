# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.data.perturbation.llm_reply import InvalidReply, read_reply
from mmser_ros.data.perturbation.perturb import PlantedError, PseudoInitialCaption
from mmser_ros.data.perturbation.substitutions import CATEGORIES

DOGS = "Two dogs sit on a bench , near a tree ."


def reply(caption, *errors):
    named = [dict(zip(("category", "before", "after"), one, strict=True)) for one in errors]
    return json.dumps({"caption": caption, "errors": named})


def test_honest_errors_in_any_order():
    answer = reply(
        "Three dogs lie on an apple , near a tree .",
        ("entity", "bench", "apple"),
        ("action", "sit", "lie"),
        ("attribute", "Two", "Three"),
    )
    assert read_reply(DOGS, answer, 3) == PseudoInitialCaption(
        "Three dogs lie on an apple , near a tree .",
        (
            PlantedError("attribute", "Two", "Three"),
            PlantedError("action", "sit", "lie"),
            PlantedError("entity", "bench", "apple"),
        ),
    )


def test_the_style_of_the_caption_stays():
    """Its spacing and its large letters, whatever the answer makes of them."""
    answer = reply("three dogs sit on a bench, next to a Tree.", ("attribute", "two", "three"),
                   ("relation", "near", "next to"))  # fmt: skip
    made = read_reply(DOGS, answer, 2)
    assert made.text == "Three dogs sit on a bench , next to a tree ."
    assert made.errors[0] == PlantedError("attribute", "Two", "Three")


def test_text_around_the_json_is_no_harm():
    answer = "Sure!\n```json\n" + reply("A cat", ("entity", "dog", "cat")) + "\n```"
    assert read_reply("A dog", answer, 1).text == "A cat"


def test_the_right_one_of_two_same_words():
    made = read_reply("a dog and a dog", reply("a dog and a fox", ("entity", "dog", "fox")), 1)
    assert made.text == "a dog and a fox"


CAT = ("entity", "dog", "cat")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("I can't do that.", "not the JSON"),
        ('{"caption": "a cat"', "not the JSON"),
        ('{"caption": "a cat"}', "not the JSON"),
        ('{"caption": "a cat", "errors": ["dog"]}', "not the JSON"),
        (reply(None, CAT), "must be strings"),
        (reply("a cat runs", ("entity", "dog", 3)), "must be strings"),
        (reply("a dog runs"), "0 errors"),
        (reply("a cat sits", CAT, ("action", "runs", "sits")), "2 errors"),
        (reply("a cat runs", ("animal", "dog", "cat")), "no category"),
        (reply("a dog runs", ("entity", "dog", "Dog")), "no error"),
        (reply("a runs", ("entity", "dog", "")), "no error"),
        (reply("he", ("entity", "a dog runs", "it was quite another thing")), "no error"),
        (reply("a cat sits", CAT), "differ in more"),
        (reply("a dog runs", CAT), "differ in more"),
        (reply("a fox runs", CAT), "differ in more"),
        (reply("a cat runs fast", CAT), "differ in more"),
        (reply("a cat", CAT), "differ in more"),
        (reply("the cat runs", CAT), "differ in more"),
        (reply("a cat runs", ("entity", "horse", "cat")), "differ in more"),
    ],
)
def test_what_is_not_accepted(answer, why):
    with pytest.raises(InvalidReply, match=why):
        read_reply("a dog runs", answer, 1)


WORDS = st.lists(
    st.sampled_from(["red", "dog", "cat", "on", ",", "t-shirt", "and"]), min_size=1, max_size=9
)
EDITS = st.sets(st.integers(0, 8), min_size=1, max_size=3)


@given(WORDS, EDITS, st.lists(st.sampled_from(["blue", "fox"]), min_size=1, max_size=4), st.data())
def test_all_that_is_claimed_and_nothing_else(words, places, instead, data):
    """Whatever is replaced is found; one more change and it is not accepted."""
    places = sorted(place for place in places if place < len(words)) or [0]
    made = [" ".join(instead) if at in places else word for at, word in enumerate(words)]
    errors = [(data.draw(st.sampled_from(CATEGORIES)), words[at], made[at]) for at in places]
    caption, shuffled = " ".join(words), data.draw(st.permutations(errors))
    result = read_reply(caption, reply(" ".join(made), *shuffled), len(errors))
    assert result.text == " ".join(made)
    assert sorted((one.before, one.after) for one in result.errors) == sorted(
        (before, after) for _, before, after in errors
    )
    made.insert(data.draw(st.integers(0, len(made))), "lie")
    with pytest.raises(InvalidReply):
        read_reply(caption, reply(" ".join(made), *shuffled), len(errors))


KEYS = st.sampled_from(["caption", "errors", "category", "before", "after"])
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(KEYS, some),
    max_leaves=8,
)


@given(st.text() | JSON.map(json.dumps))
def test_any_answer_is_read_or_not_accepted(answer):
    with suppress(InvalidReply):
        read_reply("a dog runs", answer, 3)
