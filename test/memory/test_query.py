# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Questions and their answers."""

import math

import numpy as np
import pytest

from benchmarks.made_scenes import around, labels, remember, view
from mmser_ros.core.types import SECOND
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.memory.query_checks import QueryError

RED, BLUE, TABLE = (2.0, -0.8, 0.3), (2.0, 0.9, 0.3), (2.0, -0.7, -0.2)


@pytest.fixture(scope="module")
def memory():
    text = "a kitchen with a red mug on a table, a blue mug"
    objects = [("mug", RED), ("table", TABLE), ("mug", BLUE)]
    drive = [view("a hallway", 45 + i, x=-0.5 * (i + 2)) for i in range(12)]
    return remember(*around(text, objects), *drive)


def test_attributes_choose_among_like_objects(memory):
    assert math.dist(memory.find("a red mug")[0].position, RED) < 0.2
    assert math.dist(memory.find("a blue mug")[0].position, BLUE) < 0.2
    assert memory.find("a blue mug")[0].attributes == ("blue",)


def test_relations_and_rooms_choose_among_like_objects(memory):
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
    assert match.provenance.caption.startswith("a kitchen with a red mug")
    assert match.provenance.stamp in (10 * SECOND, 20 * SECOND, 30 * SECOND, 40 * SECOND)
    assert match.age == pytest.approx(56 - 40)
    assert (match.origin.map_id, match.origin.frame, match.origin.stale) == ("home", "map", False)


def test_a_word_is_found_as_captions_have_it():
    memory = remember(
        *around("a man wearing glasses", [("glasses", RED)]),
        parser=CaptionParser(),
        words=Taxonomy(),
    )
    assert "glasses" in labels(memory.find("glasses"))
    assert "glasses" in labels(memory.find("where are the glasses?"))


def test_what_is_not_known_is_not_found(memory):
    assert memory.find("an elephant") == []
    assert memory.find("?!") == []


def test_of_no_text_is_anything_that_is_believed(memory):
    for text in ("", " \n"):
        assert labels(memory.find(text)) == labels(memory.objects()) == ["mug", "mug", "table"]
        assert math.dist(memory.find(text, near=(2.0, 3.0), k=1)[0].position, BLUE) < 0.2


def test_a_text_that_nobody_could_mean_is_refused(memory):
    with pytest.raises(QueryError, match="got a text of 5000 characters; expected at most 2000"):
        memory.find("mug, " * 1000)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_in_words(memory, odd):
    for question in (
        lambda: memory.find("mug", near=(0.0, odd)),
        lambda: memory.find("", near=(odd, 0.0)),
        lambda: memory.find(near=(0.0, 0.0), radius=odd),
        lambda: memory.path_to(memory.find("mug")[0], view("", 0, x=odd).pose),
    ):
        with pytest.raises(QueryError, match=rf"got .*\(.*{odd:g}.*\); expected finite numbers"):
            question()


def test_in_a_room_at_a_place_or_near_a_position(memory):
    assert labels(memory.find(place="kitchen")) == ["mug", "mug", "table"]
    assert labels(memory.find("mug", place="kitchen")) == ["mug", "mug"]
    assert labels(memory.find(near=(2.0, 0.9), radius=0.5)) == ["mug"]
    assert memory.find(place="hallway") == []
    place = memory.find("a red mug")[0].place
    assert "mug" in labels(memory.find(place=place))
    with pytest.raises(QueryError, match=r"no place or room 'cellar'; .*hallway, kitchen"):
        memory.find(place="cellar")
    with pytest.raises(QueryError, match=r"got a radius of 1 m without near; expected both"):
        memory.find(radius=1.0)


def test_a_limit_counts_the_matches_that_meet_all_conditions(memory):
    everything = memory.find(near=(2.0, -3.0), place="kitchen", k=None)
    assert len(everything) == 3
    assert memory.find(near=(2.0, -3.0), place="kitchen", k=2) == everything[:2]
    (blue,) = memory.find("mug", near=(2.0, 0.9), radius=0.5, k=1)
    assert math.dist(blue.position, BLUE) < 0.2


def test_detected_between_two_times():
    early = around("a mug", [("mug", RED)])
    late = around("a book", [("book", BLUE)], start=1000.0)
    memory = remember(*early, *late)
    assert labels(memory.find(until=100 * SECOND)) == ["mug"]
    assert labels(memory.find(since=900 * SECOND)) == ["book"]
    assert labels(memory.find(since=0, until=2000 * SECOND)) == ["book", "mug"]
    assert memory.find(since=100 * SECOND, until=900 * SECOND) == []
    assert memory.find("mug", since=100 * SECOND) == []


def test_a_time_without_a_text_also_finds_what_is_gone():
    memory = remember(*around("a man", [("man", RED)]))
    later = 3 * 3600 * SECOND
    assert memory.find(now=later) == memory.find("man", until=later, now=later) == []
    assert labels(memory.find(until=later, now=later)) == ["man"]


def test_a_way_leads_over_places_that_were_driven(memory):
    route = memory.path_to(memory.find("a red mug")[0])
    xs = [one.position[0] for one in route.poses]
    assert xs[0] == pytest.approx(-6.5)
    assert xs == sorted(xs)
    assert 6.5 < route.length < 8.5
    assert route.poses[-1] == memory.find("a red mug")[0].pose
    assert memory.path_to(memory.find("a red mug")[0], view("", 0, x=50.0).pose) is None
    with pytest.raises(QueryError, match="no robot 'r2'; known robots: robot"):
        memory.path_to(memory.find("mug")[0], "r2")


def test_people_are_forgotten_sooner_than_tables():
    objects = [("man", RED), ("table", BLUE)]
    memory = remember(*around("a man and a table", objects))
    later = 2 * 3600 * SECOND
    assert labels(memory.objects()) == ["man", "table"]
    assert memory.find("man", now=later) == []
    assert labels(memory.find("table", now=later)) == ["table"]


def test_embeddings_find_what_words_do_not():
    vectors = {"beverage": [1.0, 0.0], "mug": [0.8, 0.6], "table": [0.0, 1.0]}

    def embed(texts):
        return np.array([vectors[one] for one in texts])

    views = around("a mug and a table", [("mug", RED), ("table", BLUE)])
    assert remember(*views).find("beverage") == []
    assert labels(remember(*views, embed=embed).find("beverage")) == ["mug"]


def test_the_same_journal_gives_the_same_answers(tmp_path):
    views = around("a red mug on a table", [("mug", RED), ("table", TABLE)], 8)
    answers = []
    for name in ("a", "b"):
        with remember(*views, path=tmp_path / name) as memory:
            answers.append([memory.find("mug"), memory.relations(memory.find("mug")[0])])
    assert answers[0] == answers[1]
