# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rooms are places that agree."""

from benchmarks.made_scenes import open_memory, remember, view
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Taxonomy
from test.memory.graph.test_places import drive


def test_rooms_are_places_that_agree_and_one_wrong_word_is_outvoted():
    kitchen = ["a kitchen"] * 3 + ["a bedroom"] + ["a kitchen"] * 4
    memory = remember(*drive([*kitchen, *["a bathroom"] * 8]))
    rooms = sorted(memory.rooms().values(), key=lambda one: one.position)
    assert [one.label for one in rooms] == ["kitchen", "bathroom"]
    assert sum(len(one.places) for one in rooms) == len(memory.places())


def test_two_rooms_of_one_name_are_two():
    captions = ["a bedroom"] * 6 + ["a hallway"] * 6 + ["a bedroom"] * 6
    labels = [one.label for one in remember(*drive(captions)).rooms().values()]
    assert sorted(labels) == ["bedroom", "bedroom", "hallway"]


def test_without_votes_a_room_has_no_label():
    (room,) = remember(*drive(["a wall"] * 5)).rooms().values()
    assert room.label is None
    assert open_memory().rooms() == {}


def test_answers_follow_new_votes_and_new_places():
    memory = remember(*drive(["a kitchen"] * 4))
    assert [one.label for one in memory.rooms().values()] == ["kitchen"]
    memory.add_all([view("an office", 100 + i, x=0.3 * (i % 5)) for i in range(30)])
    assert [one.label for one in memory.rooms().values()] == ["office"]
    memory.add_all(drive(["a bathroom"] * 6, start=200.0, y=5.0))
    assert sorted(one.label for one in memory.rooms().values()) == ["bathroom", "office"]


def test_a_word_for_any_room_is_no_vote():
    captions = ["a room with a mug"] * 3 + ["a kitchen with a mug"] + ["a room with a mug"] * 3
    memory = remember(*drive(captions), parser=CaptionParser(), words=Taxonomy())
    assert {one.label for one in memory.rooms().values()} == {"kitchen"}
    without = remember(*drive(captions[:3]), parser=CaptionParser(), words=Taxonomy())
    assert {one.label for one in without.rooms().values()} == {None}
