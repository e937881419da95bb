# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What of a home a person would notice: the objects and relations that a memory should know."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mmser_ros.simulation.description.main_objects import SMALLEST
from mmser_ros.simulation.description.relations import NOT_OUTSTANDING
from mmser_ros.simulation.description.wording import ROWS
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.relations import Relation, home_relations
from mmser_ros.simulation.home.robot import Obstacles, flat_pose
from mmser_ros.simulation.home.simulator import Simulator

POSITIONS, HEADINGS = 8, 6
"""Positions in each room, and directions from each, from which a person looks."""
NOTICED = 3
"""Positions from which an object must be made out, or both ends of a relation in one view."""


@dataclass(frozen=True)
class Reference:
    """Objects and relations of a home that are easily seen, whatever way a robot takes.

    Attributes:
        objects: numbers of objects.
        relations: between them; "next to" once for each pair, the lower number first.
        all_relations: those that hold, also of what is hard to see.
    """

    objects: frozenset[int]
    relations: frozenset[Relation]
    all_relations: frozenset[Relation]


def make_reference(simulator: Simulator, seed: int = 0) -> Reference:
    """Look around in each room of a home, from free positions."""
    home, camera = simulator.home, simulator.camera
    obstacles, random = Obstacles(home), np.random.default_rng([home.seed, seed, 5])
    held = frozenset(map(undirected, home_relations(home)))
    alone: Counter[int] = Counter()
    together: Counter[Relation] = Counter()
    least = SMALLEST * camera.width * camera.height
    for room in range(len(home.plan.rooms)):
        for _ in range(POSITIONS):
            at = obstacles.random_free(home, room, random)
            if at is None:
                continue
            start = float(random.uniform(0, math.tau))
            seen: set[int] = set()
            pairs: set[Relation] = set()
            for turn in range(HEADINGS):
                numbers = simulator.numbers(flat_pose(*at, start + turn * math.tau / HEADINGS))
                found, counts = np.unique(numbers, return_counts=True)
                here = set(found[(found >= 0) & (counts >= least)].tolist())
                seen |= here
                pairs |= {one for one in held if {one.subject, one.object} <= here}
            alone.update(seen)
            together.update(pairs)
    noticed = sorted(number for number, count in alone.items() if count >= NOTICED)
    objects = frozenset(_one_of_each_row(home, noticed, held))
    relations = {
        one
        for one, count in together.items()
        if count >= NOTICED and {one.subject, one.object} <= objects and _is_said(home, one)
    }
    return Reference(objects, frozenset(relations), held)


def _one_of_each_row(home: Home, numbers: list[int], held: Iterable[Relation]) -> list[int]:
    """Leave one of what people name together: all books on a bookshelf are "books"."""
    supports = {one.subject: one.object for one in held if one.predicate in {"on", "in"}}
    rows = {
        (home.objects[number].name, supports.get(number)): number
        for number in reversed(numbers)
        if home.objects[number].name in ROWS
    }
    return [one for one in numbers if home.objects[one].name not in ROWS or one in rows.values()]


def _is_said(home: Home, one: Relation) -> bool:
    """Whether people say a relation: nothing is said to be next to a door."""
    names = {home.objects[number].name for number in (one.subject, one.object)}
    return one.predicate != "next to" or not names & NOT_OUTSTANDING


def undirected(one: Relation) -> Relation:
    """A relation with its ends in order, if the order says nothing."""
    if one.predicate == "next to" and one.subject > one.object:
        return Relation(one.object, one.predicate, one.subject)
    return one


def middle(home: Home, number: int) -> tuple[float, float, float]:
    """The middle of an object, in metres."""
    one = home.objects[number]
    x, y, z = ((one.low + one.high) / 2).tolist()
    return x, y, z
