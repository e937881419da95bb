# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.training.words.noise import NearestPictures, living, prompt_words
from mmser_ros.training.words.prompted_items import choose_lines, text_items
from mmser_ros.training.words.targets import WordTargets

NAMES = ("person", "man", "officer", "dog", "duck", "hot dog", "ball", "lamp", "grass", NOTHING)


@pytest.fixture(scope="module")
def pictures():
    """40 pictures; the detector is nearly right."""
    random = np.random.default_rng(0)
    truth = random.random((40, len(NAMES))) < 0.4
    truth[:, -1] = False
    chances = np.where(
        truth, random.uniform(0.5, 1, truth.shape), random.uniform(0, 0.5, truth.shape)
    )
    return chances.astype(np.float32), WordTargets(truth, np.ones(truth.shape, np.float16))


def test_people_and_animals_are_told_from_things():
    people, animals = living(NAMES)
    assert [NAMES[one] for one in people] == ["person", "man", "officer"]
    assert [NAMES[one] for one in animals] == ["dog", "duck"]


@settings(deadline=None, max_examples=40)  # each reads a lexicon
@given(
    said=st.sets(st.sampled_from(NAMES[:-1])), picture=st.integers(0, 39), seed=st.integers(0, 9)
)
def test_a_prompt_never_has_living_beings_of_a_kind_that_the_line_has_not(
    pictures, said, picture, seed
):
    neighbours = NearestPictures(NAMES, *pictures, seed=seed)
    told = {word for word, _ in prompt_words(NAMES, neighbours.probabilities(said, picture))}
    for kind in ({"person", "man", "officer"}, {"dog", "duck"}):
        assert not told & kind or said & kind
    assert NOTHING not in told


def test_what_a_line_says_and_its_picture_lacks_is_as_in_pictures_that_have_it(pictures):
    chances, targets = pictures
    neighbours = NearestPictures(NAMES, *pictures, seed=0)
    lamp = NAMES.index("lamp")
    lacking = int(np.flatnonzero(~targets.truth[:, lamp])[0])
    having = set(chances[targets.truth[:, lamp], lamp].tolist())
    assert float(neighbours.probabilities({"lamp"}, lacking)[lamp]) in having
    there = int(np.flatnonzero(targets.truth[:, lamp])[0])
    assert neighbours.probabilities({"lamp"}, there)[lamp] == chances[there, lamp]


def test_lines_get_pictures_with_their_words(pictures):
    neighbours = NearestPictures(NAMES, *pictures, seed=0)
    wanted = [{"lamp", "ball"}, {"dog", "grass"}] * 5
    chosen, fits = neighbours.nearest(wanted, best=1)
    assert len(chosen) == len(fits) == 10
    for words, number in zip(wanted, chosen.tolist(), strict=True):
        assert pictures[1].truth[number, [NAMES.index(word) for word in words]].all()


def test_text_items_are_the_same_each_time(pictures):
    lines = [f"a {one} man with a ball near the lamp" for one in ("tall", "short", "young", "old")]
    lines += ["A dog runs on the grass .", "too short", "nothing that is known to any detector"]

    def items():
        return text_items(
            NAMES, lines, ["lamp"], NearestPictures(NAMES, *pictures, seed=1), 4, seed=2
        )

    assert items() == items()
    assert 0 < len(items()) <= 4
    for one in items():
        assert one.caption == one.caption.lower().rstrip(" .")
        assert one.picture is None
        told = set(re.split("[:;,] ", one.prompt))
        assert not told & {"dog", "duck"} or "dog" in one.caption


def test_words_of_classes_only_are_in_the_prompt_if_the_line_has_them(pictures):
    lines = [
        f"a man {number} has a {what} near a lamp"
        for number in range(3)
        for what in ("dog", "coffee")
    ]
    items = text_items(NAMES, lines, [], NearestPictures(NAMES, *pictures, seed=0), 4, seed=0)
    assert {("coffee" in one.prompt) for one in items} == {True, False}
    assert all(("coffee" in one.prompt) == ("coffee" in one.caption) for one in items)


def test_lines_of_rooms_are_chosen_rather():
    lines = [f"number {n} is somewhere out there" for n in range(200)]
    lines += [f"number {n} has a lamp on a desk in the kitchen" for n in range(200)]
    chosen = choose_lines(lines, ["lamp", "desk", "kitchen"], 100, seed=0)
    assert len(chosen) == 100
    assert sum("lamp" in one for one in chosen) > 80
