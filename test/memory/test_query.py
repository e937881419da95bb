# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Questions and their answers."""

import math

import numpy as np
import pytest

from benchmarks.made_scenes import around, labels, look, remember
from mmser_ros.core.types import SECOND
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Lexicon
from mmser_ros.memory.askable import QueryError

RED, BLUE, TABLE = (2.0, -0.8, 0.3), (2.0, 0.9, 0.3), (2.0, -0.7, -0.2)


@pytest.fixture(scope="module")
def memory():
    text = "a kitchen with a red mug on a table, a blue mug"
    things = [("mug", RED), ("table", TABLE), ("mug", BLUE)]
    drive = [look("a hallway", 45 + i, x=-0.5 * (i + 2)) for i in range(12)]
    return remember(*around(text, things), *drive)


def test_attributes_choose_among_like_things(memory):
    assert math.dist(memory.find("a red mug")[0].position, RED) < 0.2
    assert math.dist(memory.find("a blue mug")[0].position, BLUE) < 0.2
    assert memory.find("a blue mug")[0].attributes == ("blue",)


def test_relations_and_rooms_choose_among_like_things(memory):
    first, second = memory.find("a mug on a table")
    assert math.dist(first.position, RED) < 0.2
    assert second.score < first.score
    assert first.room == "kitchen"
    scores = [memory.find(f"a mug in a {room}")[0].score for room in ("kitchen", "bathroom")]
    assert scores[0] > scores[1]


def test_near_and_k(memory):
    assert math.dist(memory.find("mug", near=(2.0, 3.0), k=1)[0].position, BLUE) < 0.2
    assert len(memory.find("mug", near=(2.0, -3.0), k=1)) == 1


def test_an_answer_says_where_to_stand_what_was_said_and_of_which_map(memory):
    match = memory.find("a red mug")[0]
    x, y, _ = match.pose.position
    turn = 2 * math.atan2(match.pose.orientation[2], match.pose.orientation[3])
    assert (math.cos(turn), math.sin(turn)) == pytest.approx(
        np.subtract(RED, (x, y, 0.0))[:2] / math.dist(RED[:2], (x, y)), abs=0.1
    )
    assert match.evidence.caption.startswith("a kitchen with a red mug")
    assert match.evidence.stamp in (10 * SECOND, 20 * SECOND, 30 * SECOND, 40 * SECOND)
    assert match.age == pytest.approx(56 - 40)
    assert (match.origin.map_id, match.origin.frame, match.origin.stale) == ("home", "map", False)


def test_a_word_is_found_as_captions_have_it():
    memory = remember(
        *around("a man wearing glasses", [("glasses", RED)]),
        parser=CaptionParser(),
        words=Lexicon(),
    )
    assert "glasses" in labels(memory.find("glasses"))
    assert "glasses" in labels(memory.find("where are the glasses?"))


def test_what_is_not_known_is_not_found(memory):
    assert memory.find("an elephant") == []
    assert memory.find("?!") == []


def test_of_no_text_is_anything_that_is_believed(memory):
    for text in ("", " \n"):
        assert labels(memory.find(text)) == labels(memory.things()) == ["mug", "mug", "table"]
        assert math.dist(memory.find(text, near=(2.0, 3.0), k=1)[0].position, BLUE) < 0.2


def test_a_text_that_nobody_could_mean_is_refused(memory):
    with pytest.raises(QueryError, match="got a text of 5000 characters; expected at most 2000"):
        memory.find("mug, " * 1000)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_in_words(memory, odd):
    for question in (
        lambda: memory.find("mug", near=(0.0, odd)),
        lambda: memory.find("", near=(odd, 0.0)),
        lambda: memory.at((odd, 0.0)),
        lambda: memory.at((0.0, 0.0), radius=odd),
        lambda: memory.path_to(memory.find("mug")[0], look("", 0, x=odd).pose),
    ):
        with pytest.raises(QueryError, match=rf"got .*\(.*{odd:g}.*\); expected finite numbers"):
            question()


def test_at_a_room_a_place_or_a_position(memory):
    assert labels(memory.at("kitchen")) == ["mug", "mug", "table"]
    assert labels(memory.at((2.0, 0.9), radius=0.5)) == ["mug"]
    assert memory.at("hallway") == []
    place = memory.find("a red mug")[0].place
    assert "mug" in labels(memory.at(place))
    with pytest.raises(QueryError, match=r"no place or room 'cellar'; .*hallway, kitchen"):
        memory.at("cellar")


def test_seen_between_two_moments():
    early = around("a mug", [("mug", RED)])
    late = around("a book", [("book", BLUE)], start=1000.0)
    memory = remember(*early, *late)
    assert labels(memory.seen(0, 100 * SECOND)) == ["mug"]
    assert labels(memory.seen(900 * SECOND, 2000 * SECOND)) == ["book"]
    assert memory.seen(100 * SECOND, 900 * SECOND) == []


def test_a_way_leads_over_places_that_were_driven(memory):
    route = memory.path_to(memory.find("a red mug")[0])
    xs = [one.position[0] for one in route.poses]
    assert xs[0] == pytest.approx(-6.5)
    assert xs == sorted(xs)
    assert 6.5 < route.length < 8.5
    assert route.poses[-1] == memory.find("a red mug")[0].pose
    assert memory.path_to(memory.find("a red mug")[0], look("", 0, x=50.0).pose) is None
    with pytest.raises(QueryError, match="no robot 'r2'; known robots: robot"):
        memory.path_to(memory.find("mug")[0], "r2")


def test_people_are_forgotten_sooner_than_tables():
    things = [("man", RED), ("table", BLUE)]
    memory = remember(*around("a man and a table", things))
    later = 2 * 3600 * SECOND
    assert labels(memory.things()) == ["man", "table"]
    assert memory.find("man", now=later) == []
    assert labels(memory.find("table", now=later)) == ["table"]


def test_embeddings_find_what_words_do_not():
    vectors = {"beverage": [1.0, 0.0], "mug": [0.8, 0.6], "table": [0.0, 1.0]}

    def embed(texts):
        return np.array([vectors[one] for one in texts])

    looks = around("a mug and a table", [("mug", RED), ("table", BLUE)])
    assert remember(*looks).find("beverage") == []
    assert labels(remember(*looks, embed=embed).find("beverage")) == ["mug"]


def test_the_same_journal_gives_the_same_answers(tmp_path):
    looks = around("a red mug on a table", [("mug", RED), ("table", TABLE)], 8)
    answers = []
    for name in ("a", "b"):
        with remember(*looks, path=tmp_path / name) as memory:
            answers.append([memory.find("mug"), memory.relations(memory.find("mug")[0])])
    assert answers[0] == answers[1]
