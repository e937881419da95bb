# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.simulation.home.floor_plan import ALWAYS, DOOR, MARGIN, NARROWEST, make_plan

plans = st.integers(0, 10_000).map(lambda seed: make_plan(np.random.default_rng(seed)))


@given(plans)
@settings(max_examples=200, deadline=None)
def test_rooms_do_not_overlap_and_have_a_usable_size(plan):
    assert set(ALWAYS) <= {one.name for one in plan.rooms}
    for number, a in enumerate(plan.rooms):
        narrow = 1.4 if a.name == "hallway" else NARROWEST - 0.02
        assert min(a.x1 - a.x0, a.y1 - a.y0) >= narrow
        for b in plan.rooms[:number]:
            assert a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 or b.y1 <= a.y0


@given(plans)
@settings(max_examples=200, deadline=None)
def test_every_room_can_be_reached_through_doors(plan):
    graph = nx.Graph([one.rooms for one in plan.openings if one.kind != "window"])
    assert set(graph) == set(range(len(plan.rooms)))
    assert nx.is_connected(graph)


@given(plans)
@settings(max_examples=200, deadline=None)
def test_a_door_lies_in_the_wall_of_both_rooms_away_from_corners(plan):
    for one in plan.openings:
        for number in one.rooms:
            room = plan.rooms[number]
            low, high = (room.x0, room.x1) if one.along_x else (room.y0, room.y1)
            assert one.line in ((room.y0, room.y1) if one.along_x else (room.x0, room.x1))
            assert low + MARGIN - 0.011 <= one.low < one.high <= high - MARGIN + 0.011
        if one.kind != "window":
            assert one.high - one.low >= DOOR - 1e-9
            assert plan.room_at(*np.add(one.centre(), 0.01)) in one.rooms


@given(plans)
@settings(max_examples=200, deadline=None)
def test_windows_look_outdoors(plan):
    for one in plan.openings:
        if one.kind == "window":
            x, y = one.centre()
            across = (0, 0.05) if one.along_x else (0.05, 0)
            sides = {plan.room_at(x + s * across[0], y + s * across[1]) for s in (-1, 1)}
            assert sides == {None, one.rooms[0]}
