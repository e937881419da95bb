# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Same object or another one, believed or doubted, there or moved."""

import math

import pytest

from benchmarks.made_scenes import around, labels, open_memory, remember, view
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.memory.config import MemoryConfig

MUG = (2.0, 0.0, 0.3)


def test_one_view_is_not_believed_and_several_are():
    views = around("a mug", [("mug", MUG)])
    assert remember(views[0]).find("mug") == []
    (match,) = remember(*views).find("mug")
    assert math.dist(match.position, MUG) < 0.05
    assert match.probability > 0.9
    assert match.sigma < 0.2


def test_a_robot_that_stands_still_repeats_itself_and_proves_nothing():
    views = [view("a mug", 10 + 0.1 * i, [("mug", MUG)]) for i in range(40)]
    assert remember(*views).find("mug") == []


def test_synonyms_are_one_object():
    views = around("a mug", [("mug", MUG)], 3) + around("a cup", [("cup", MUG)], 2, start=100.0)
    (match,) = remember(*views).objects()
    assert match.label == "mug"


def test_a_more_general_word_of_the_lexicon_is_the_same_object():
    dogs = around("a dog", [("dog", MUG)], 3)
    animals = around("an animal", [("animal", MUG)], 2, start=100.0)
    cats = around("a cat", [("cat", MUG)], 3, start=200.0)
    words = Taxonomy()
    assert labels(remember(*dogs, *animals, words=words).objects()) == ["dog"]
    assert labels(remember(*dogs, *cats, words=words).objects()) == ["cat", "dog"]


def test_like_objects_far_apart_are_two_and_other_words_are_others():
    far = [("mug", (2.0, -0.8, 0.3)), ("mug", (2.0, 0.8, 0.3)), ("book", (2.0, 0.8, 0.3))]
    memory = remember(*around("a mug and a mug and a book", far))
    assert labels(memory.objects()) == ["book", "mug", "mug"]


def test_views_that_should_have_named_it_take_belief_away_and_hidden_ones_do_not():
    seen = around("a mug", [("mug", MUG)])
    silent = around("a wall", [], 16, start=100.0, depth=5.0)
    hidden = around("a wall", [], 16, start=100.0, depth=1.0)
    sure = remember(*seen).find("mug")[0].probability
    assert remember(*seen, *silent).find("mug") == []
    assert remember(*seen, *hidden).find("mug")[0].probability == pytest.approx(sure, abs=0.01)


def test_views_elsewhere_take_nothing_away():
    seen = around("a mug", [("mug", MUG)])
    away = around("a wall", [], 16, start=100.0, depth=5.0, turn=math.pi)
    assert labels(remember(*seen, *away).find("mug")) == ["mug"]


def test_a_denial_weighs_more_than_silence():
    seen = around("a mug", [("mug", MUG)])
    silent = remember(*seen, view("a wall", 100, depth=5.0)).find("mug")[0]
    denied = remember(*seen, view("a wall with no mug", 100, depth=5.0)).find("mug")[0]
    assert denied.probability < silent.probability


def test_a_moved_object_is_moved_and_not_doubled():
    table = (2.0, -0.5, 0.3)
    there = (2.0, 1.3, 0.3)
    before = around("a table and a red mug", [("table", table), ("mug", MUG)])
    after = around("a table", [("table", table)], 7, start=100.0, depth=5.0)
    found = around("a red mug", [("mug", there)], 4, start=200.0, x=0.5)
    old = remember(*before).find("mug")[0]
    (match,) = remember(*before, *after, *found).find("mug")
    assert math.dist(match.position, there) < 0.15
    assert (match.name, match.moves, match.first_seen) == (old.name, 1, old.first_seen)


def test_what_is_still_seen_has_not_moved():
    other = (2.0, 0.9, 0.3)
    first = around("a mug", [("mug", MUG)], depth=5.0)
    both = around("a mug and a mug", [("mug", MUG), ("mug", other)], start=100.0, depth=5.0)
    assert labels(remember(*first, *both).find("mug")) == ["mug", "mug"]


def test_two_chairs_are_two_however_often_they_are_counted():
    middle = ("chair", (3.0, 0.0, 0.0))
    views = around("two chairs", [middle], 6, width=1.6)
    matches = remember(*views).find("chair")
    assert len(matches) == 2
    assert abs(matches[0].position[1] - matches[1].position[1]) > 0.4
    single = around("a chair", [("chair", matches[0].position)], 2, start=300.0)
    assert len(remember(*views, *single).find("chair")) == 2


def test_what_both_views_said_is_believed_sooner():
    objects = [("mug", MUG)]
    kept = remember(*around("a mug", objects, 2)).find("mug")[0]
    added = around("a mug", objects, 2, initial="a wall")
    new = remember(*added, existence_threshold=0.01).find("mug")[0]
    assert new.probability < kept.probability
    ignored = remember(*added, weigh_refinement=False)
    assert ignored.find("mug")[0].probability == pytest.approx(kept.probability)


def test_confidence_weighs():
    sure = remember(*around("a mug", [("mug", MUG)], 2)).find("mug")[0]
    unsure = remember(*around("a mug", [("mug", MUG)], 2, confidence=0.3), existence_threshold=0.01)
    assert unsure.find("mug")[0].probability < sure.probability


def chance(views, weight):
    """That a mug is there, by how much confidence weighs."""
    memory = remember(*views, existence_threshold=0.01, confidence_weight=weight)
    return memory.find("mug")[0].probability


@pytest.mark.parametrize("objects", [[("mug", MUG)], []], ids=["phrases", "text alone"])
def test_a_caption_of_no_confidence_is_no_evidence(objects):
    before = 1 / (1 + math.exp(-MemoryConfig().prior_log_odds))
    for weight in (0.1, 1.0):
        assert chance(around("a mug", objects, sure=0.0), weight) == pytest.approx(before)
        assert chance(around("a mug", objects, sure=1.0), weight) > 0.7


def test_confidence_is_ignored_or_weighs_the_more():
    sure, unsure = (around("a mug", [("mug", MUG)], 2, sure=one) for one in (1.0, 0.3))
    assert chance(unsure, 0.0) == chance(sure, 0.0) == chance(sure, 1.0)
    chances = [chance(unsure, weight) for weight in (0.0, 0.2, 0.5, 1.0)]
    assert chances == sorted(chances, reverse=True)
    assert len(set(chances)) == 4


def test_what_unsure_captions_say_of_two_objects_weighs_less():
    pair = [("mug", MUG), ("table", (2.0, 0.0, 0.0))]

    def score(sure):
        memory = remember(
            *around("a mug on a table", pair, sure=sure),
            existence_threshold=0.01,
            confidence_weight=0.5,
        )
        return memory.relations(memory.find("mug")[0])[0].probability

    assert score(0.2) < score(0.9)


def test_bearings_from_several_places_meet_in_a_position():
    target = (3.0, 0.5, 0.2)
    first = view("a lamp", 10, [("lamp", target)], points=False)
    spots = [(0.0, -1.5), (0.5, -0.7), (1.0, 1.5), (1.5, -1.0), (0.8, 1.9), (1.8, 1.4)]
    views = [first]
    for i, (x, y) in enumerate(spots):
        turn = math.atan2(target[1] - y, target[0] - x)
        options = {"x": x, "y": y, "turn": turn, "points": False}
        views.append(view("a lamp", 20 + 10 * i, [("lamp", target)], **options))
    one = remember(first, existence_threshold=0.01).find("lamp")[0]
    many = remember(*views).find("lamp")
    assert len(many) == 1
    assert math.dist(many[0].position, target) < 0.25 < math.dist(one.position, target)
    assert many[0].sigma < one.sigma / 2


def test_without_phrases_an_object_is_ahead_somewhere():
    views = [view("a mug", 10 * i, x=0.3 * i) for i in range(1, 5)]
    (match,) = remember(*views).find("mug")
    assert match.position[0] > 1.0
    assert match.sigma > 0.3


def test_without_evidence_every_mention_is_believed():
    assert remember(view("a mug", 10, [("mug", MUG)]), use_evidence=False).find("mug")


def test_nothing_in_an_observation_breaks_the_fold():
    memory = open_memory()
    memory.add(view("", 10))
    memory.add(view("a mug on a mug next to a mug", 20, [("mug", (0.0, 0.0, 0.0001))], x=-1e-3))
    memory.add(view("four mugs", 30, [("mug", (50.0, 0.0, 0.3))], width=100.0))
    assert memory.status().observations == 3


def test_places_are_no_objects():
    beach = around("a mug on a beach", [("mug", MUG), ("beach", (3.0, 0.0, 0.0))])
    assert labels(remember(*beach).objects()) == ["mug"]


def test_two_ends_of_a_large_object_are_one_and_of_small_ones_are_two():
    def seen(word, width):
        left = around(f"a {word}", [(word, (3.0, 0.4, 0.3))], width=width)
        right = around(f"a {word}", [(word, (3.0, -0.4, 0.3))], start=100.0, width=width)
        return labels(remember(*left, *right).objects())

    assert seen("bed", 2.0) == ["bed"]
    assert seen("mug", 0.1) == ["mug", "mug"]


def test_an_object_belongs_to_the_nearest_place_that_saw_it():
    behind_the_wall = [view("a wall", 10 * i, x=3.0, y=0.3 * i) for i in range(1, 4)]
    seen = around("a mug", [("mug", (2.5, 0.0, 0.3))], start=100.0)
    memory = remember(*behind_the_wall, *seen)
    (mug,) = memory.find("mug")
    at = memory.places()[mug.place].position
    assert math.dist(at, (3.0, 0.3, 0.0)) > 1.0
    assert at == min(
        (one.position for one in memory.places().values() if one.position[0] < 1.5),
        key=lambda one: math.dist(one, mug.position),
    )
