# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What captions say of two objects against where they are."""

from dataclasses import replace

import pytest

from benchmarks.made_scenes import CAMERA, around, optical, remember, view
from mmser_ros.core.types import GroundedPhrase, Region
from mmser_ros.memory.query import QueryError

TABLE, MUG, SHOE = (2.0, 0.0, -0.3), (2.0, 0.1, 0.2), (2.0, 0.2, -0.7)


def held(memory, label, **options):
    name = memory.find(label)[0].name
    names = {one.name: one.label for one in memory.objects()}
    return [
        (names[one.subject], one.predicate, names[one.object])
        for one in memory.relations(name, **options)
    ]


def test_a_relation_that_fits_is_held_by_both_ends():
    memory = remember(*around("a mug on a table", [("mug", MUG), ("table", TABLE)]))
    assert held(memory, "mug") == held(memory, "table") == [("mug", "on", "table")]
    (relation,) = memory.relations(memory.find("mug")[0])
    assert relation.geometry == 1
    assert relation.provenance.caption == "a mug on a table"


def test_geometry_contradicts_and_the_contradiction_is_kept():
    views = around("a mug under a table", [("mug", MUG), ("table", TABLE)])
    memory = remember(*views)
    assert held(memory, "mug") == []
    (relation,) = memory.relations(memory.find("mug")[0], contradicted=True)
    assert (relation.predicate, relation.contradicted, relation.geometry) == ("under", True, -1)
    assert held(remember(*views, check_geometry=False), "mug") == [("mug", "under", "table")]


def test_of_two_that_exclude_each_other_the_better_supported_holds():
    objects = [("shoe", SHOE), ("table", TABLE)]
    views = around("a shoe under a table", objects)
    memory = remember(*views, *around("a shoe in a table", objects, 1, start=90))
    assert held(memory, "shoe") == [("shoe", "under", "table")]
    assert ("shoe", "in", "table") in held(memory, "shoe", contradicted=True)


@pytest.mark.parametrize(
    ("said", "mug", "fits"),
    [
        ("next to", (2.0, 0.5, -0.3), 1),
        ("next to", (2.0, 1.7, -0.3), 0),  # the farther the less
        ("next to", (2.0, 3.2, -0.3), -1),
        ("next to", (2.0, 0.1, 0.0), -1),  # what lies on it is not beside it
        ("on", (2.0, 0.1, 0.0), 1),
        ("on", (2.0, 0.1, 0.7), -1),  # nothing hangs in the air
        ("above", (2.0, 0.1, 0.7), 1),
        ("in", (2.0, 0.1, -0.3), -1),  # nothing holds what is as large as itself
        ("under", (2.0, 0.1, -0.28), 0),  # beneath what is low, hardly lower than it
    ],
)
def test_positions_agree_or_contradict(said, mug, fits):
    memory = remember(*around(f"a mug {said} a table", [("mug", mug), ("table", TABLE)]))
    (relation,) = memory.relations(memory.find("mug")[0], contradicted=True)
    assert (relation.predicate, relation.geometry) == (said, fits)
    assert relation.contradicted == (fits < 0)


def test_a_relation_is_said_as_surely_as_the_less_sure_of_its_ends():
    objects = [("mug", MUG), ("table", TABLE)]
    views = around("a mug on a table", objects)
    table = [replace(one.caption.phrases[1], confidence=0.3) for one in views]
    unsure = [
        replace(one, caption=replace(one.caption, phrases=(one.caption.phrases[0], last)))
        for one, last in zip(views, table, strict=True)
    ]
    sure, less = (
        memory.relations(memory.find("mug")[0])[0].probability
        for memory in (remember(*views), remember(*unsure, existence_threshold=0.1))
    )
    assert less < sure


@pytest.mark.parametrize(
    ("predicate", "fits"), [("left of", 1), ("right of", -1), ("behind", -1), ("in front of", 1)]
)
def test_sides_are_judged_from_where_the_robot_stood(predicate, fits):
    objects = [("mug", (1.5, 0.6, 0.0)), ("box", (2.5, -0.6, 0.0))]
    memory = remember(*around(f"a mug {predicate} a box", objects))
    (relation,) = memory.relations(memory.find("mug")[0], contradicted=True)
    assert relation.geometry == fits


def test_far_apart_is_not_next_to():
    objects = [("mug", (2.0, 3.0, 0.0)), ("box", (6.0, -3.0, 0.0))]
    memory = remember(*around("a mug next to a box", objects))
    assert held(memory, "mug") == []


def test_where_positions_are_not_known_captions_decide():
    views = [view("a mug on a table", 10 * i, x=0.3 * i) for i in range(1, 5)]
    memory = remember(*views)
    (relation,) = memory.relations(memory.find("mug")[0])
    assert relation.geometry == 0


def test_what_moved_leaves_its_relations_behind():
    before = around("a mug on a table", [("mug", MUG), ("table", TABLE)])
    there = (2.0, 1.8, 0.2)
    after = around("a table", [("table", TABLE)], 7, start=100.0, depth=5.0)
    found = around("a mug", [("mug", there)], 5, start=200.0, turn=0.5)
    memory = remember(*before, *after, *found)
    assert memory.find("mug")[0].moves == 1
    assert held(memory, "mug", contradicted=True) == []


def test_relations_of_nothing_are_refused():
    with pytest.raises(QueryError, match="no object 'object:mug'"):
        remember().relations("object:mug")


@pytest.mark.parametrize(
    ("height", "holds"), [(-0.4, True), (0.0, True), (0.4, True), (1.5, False)]
)
def test_things_stand_on_the_boards_of_a_tall_object(height, holds):
    shelf, book = ("bookshelf", (3.0, 0.0, 0.0)), ("book", (3.0, 0.1, height))
    views = [view("a book on a bookshelf", 10 * (step + 1), [], x=0.3 * step) for step in range(5)]
    views = [with_heights(one, shelf, book, 0.3 * step) for step, one in enumerate(views)]
    memory = remember(*views)
    assert (held(memory, "book") == [("book", "on", "bookshelf")]) == holds


def with_heights(observation, shelf, book, x):
    """The observation with a shelf 1.6 m tall and a book 0.2 m tall."""
    phrases = []
    for (word, position), tall, wide in ((shelf, 1.6, 0.9), (book, 0.2, 0.15)):
        local = optical(position, x, 0.0, 0.0)
        scale = CAMERA.fx / local[2]
        middle = [local[i] * scale + (320, 240)[i] for i in (0, 1)]
        region = Region(
            middle[0] - wide * scale / 2, middle[1] - tall * scale / 2, wide * scale, tall * scale
        )
        phrases.append(GroundedPhrase(word, word, 0.8, region, local))
    return replace(observation, caption=replace(observation.caption, phrases=tuple(phrases)))
