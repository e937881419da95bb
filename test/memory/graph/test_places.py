# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Topology from the robot's own path."""

from itertools import pairwise

from benchmarks.made_scenes import remember, view


def drive(captions, *, start=10.0, y=0.0, robot="robot"):
    """Half a metre an observation, one caption each."""
    return [view(text, start + i, x=0.5 * i, y=y, robot=robot) for i, text in enumerate(captions)]


def paths(memory):
    graph = memory.graph()
    return {frozenset(edge[:2]) for edge in graph.edges(keys=True) if edge[2] == "path"}


def test_places_are_spaced_and_joined_in_the_order_of_the_drive():
    memory = remember(*drive(["a wall"] * 9), place_spacing=0.8)
    places = sorted(memory.places().items(), key=lambda one: one[1].position)
    assert [one.position[0] for _, one in places] == [0.0, 1.0, 2.0, 3.0, 4.0]
    names = [name for name, _ in places]
    assert paths(memory) == {frozenset(pair) for pair in pairwise(names)}


def test_coming_back_finds_the_same_places():
    there = drive(["a wall"] * 9)
    back = [view("a wall", 100 + i, x=4.0 - 0.5 * i, y=0.2) for i in range(9)]
    assert len(remember(*there, *back).places()) == len(remember(*there).places())


def test_no_path_where_the_robot_was_carried_or_lost_from_sight():
    near, far = view("a wall", 10), view("a wall", 11, x=9.0)
    assert paths(remember(near, far)) == set()
    later = view("a wall", 500, x=1.0)
    assert paths(remember(near, later)) == set()


def test_each_robot_has_its_own_path():
    mine = drive(["a wall"] * 3)
    other = drive(["a wall"] * 3, start=10.5, y=9.0, robot="other")
    memory = remember(*mine, *other)
    assert all(
        abs(memory.places()[a].position[1] - memory.places()[b].position[1]) < 1
        for a, b in map(sorted, paths(memory))
    )
