# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a scene memory in a simulated house."""

from __future__ import annotations

import math

from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.house import House
from mmser_ros.simulation.walk import Walk

REACH = 1.0
"""Maximum position error (metres) of a correct object."""
MIN_VIEWS = 5
"""Minimum observations in which an object or a relation was visible, for it to be scored."""
PREDICATES = ("on", "in", "under", "next to")


def f1(right: int, found: int, wanted: int) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * right / max(1, found + wanted)


def score(memory: SceneMemory, house: House, walk: Walk) -> dict[str, float]:
    """object_f1, relation_f1, room_accuracy and position_error_m (median over found objects)."""
    objects = memory.objects()
    wanted = {n for n, views in walk.times_visible.items() if views >= MIN_VIEWS}
    pairs = sorted(
        (math.dist(obj.position, item.middle), obj.name, item.number)
        for obj in objects
        for item in house.items
        if memory.words.canonical(obj.label) == memory.words.canonical(item.word)
        and math.dist(obj.position, item.middle) <= REACH
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
        for one, views in walk.times_visible_together.items()
        if views >= MIN_VIEWS and one in truth and {one[0], one[2]} <= wanted
    }
    held = {_undirected(one) for one in truth}
    found, wrong = set(), 0
    for name in sorted(obj.name for obj in objects):
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
        "object_f1": f1(right, len(objects) - unasked, len(wanted)),
        "relation_f1": f1(len(found & asked), len(found & asked) + wrong, len(asked)),
        "room_accuracy": sum(named) / max(1, len(named)),
        "position_error_m": sorted(errors)[len(errors) // 2] if errors else math.inf,
    }


def _undirected(relation: tuple[int, str, int]) -> tuple[int, str, int]:
    subject, predicate, target = relation
    if predicate == "next to":
        subject, target = sorted((subject, target))
    return subject, predicate, target
