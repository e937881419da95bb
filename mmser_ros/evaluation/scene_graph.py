# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How well a memory knows a made house."""

from __future__ import annotations

import math

from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.house import House
from mmser_ros.simulation.walk import Walk

REACH = 1.0
"""Metres within which a thing of the right word is the right thing."""
LOOKS = 5
"""Looks that could have shown a thing, or both ends of a relation, for it to be asked for."""
PREDICATES = ("on", "in", "under", "next to")


def f1(right: int, found: int, wanted: int) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * right / max(1, found + wanted)


def score(memory: SceneMemory, house: House, walk: Walk) -> dict[str, float]:
    """thing_f1, relation_f1, room_accuracy, position_error_m (median of the things found)."""
    things = memory.things()
    wanted = {n for n, looks in walk.visible_looks.items() if looks >= LOOKS}
    pairs = sorted(
        (math.dist(thing.position, item.middle), thing.name, item.number)
        for thing in things
        for item in house.items
        if memory.words.canonical(thing.label) == memory.words.canonical(item.word)
        and math.dist(thing.position, item.middle) <= REACH
    )
    known: dict[str, int] = {}
    errors = []
    for error, name, number in pairs:
        if name not in known and number not in known.values():
            known[name] = number
            errors.append(error)
    right = sum(number in wanted for number in known.values())
    unasked = len(known) - right
    truth = house.relations()
    asked = {
        _undirected(one)
        for one, looks in walk.pair_looks.items()
        if looks >= LOOKS and one in truth and {one[0], one[2]} <= wanted
    }
    held = {_undirected(one) for one in truth}
    found, wrong = set(), 0
    for name in sorted(thing.name for thing in things):
        for one in memory.relations(name):
            if one.subject != name or one.predicate not in PREDICATES:
                continue
            if one.subject not in known or one.object not in known:
                wrong += 1
                continue
            relation = _undirected((known[one.subject], one.predicate, known[one.object]))
            if relation in held:
                found.add(relation)
            else:
                wrong += 1
    rooms = memory.rooms()
    places = memory.places()
    named = [
        room.label == house.label(*places[place].position[:2])
        for room in rooms.values()
        for place in room.places
    ]
    return {
        "thing_f1": f1(right, len(things) - unasked, len(wanted)),
        "relation_f1": f1(len(found & asked), len(found & asked) + wrong, len(asked)),
        "room_accuracy": sum(named) / max(1, len(named)),
        "position_error_m": sorted(errors)[len(errors) // 2] if errors else math.inf,
    }


def _undirected(relation: tuple[int, str, int]) -> tuple[int, str, int]:
    subject, predicate, target = relation
    if predicate == "next to":
        subject, target = sorted((subject, target))
    return subject, predicate, target
