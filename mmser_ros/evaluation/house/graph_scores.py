# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a scene graph against the truth of a home."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

import numpy as np

from mmser_ros.evaluation.house.reference import Reference, middle, undirected
from mmser_ros.language.interfaces import Words
from mmser_ros.memory.results import Match
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.description.wording import PAIRS, ROWS
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.relations import Relation

REACH = 0.5
"""Metres from an object's box within which a memory knows where it is."""
SIMILAR = 0.6
"""Similarity of two words from which they can name one object: synonyms, or one step apart."""
STRUCTURE = frozenset({"wall", "floor", "ceiling", "room", "corner", "tile"})
"""Words for parts of the building, which are no objects of the truth."""
PREDICATES = frozenset({"on", "in", "under", "next to"})


@dataclass(frozen=True)
class GraphScores:
    """Counts, so that homes can be added up.

    Attributes:
        right: objects of the memory that are those of the reference.
        named: objects of the memory, without true ones outside of the reference.
        wanted: objects of the reference.
        relations_right: relations of the memory that are those of the reference.
        relations_named: its relations, without true ones outside of the reference.
        relations_wanted: relations of the reference.
        places_right: places with the right room.
        places: all places.
        errors: distances of the right objects from their middles, in metres.
    """

    right: int
    named: int
    wanted: int
    relations_right: int
    relations_named: int
    relations_wanted: int
    places_right: int
    places: int
    errors: tuple[float, ...]

    def figures(self) -> dict[str, float]:
        """The scores of one home; see docs/evaluation.md."""
        return {
            "object_precision": self.right / max(1, self.named),
            "object_recall": self.right / max(1, self.wanted),
            "object_f1": 2 * self.right / max(1, self.named + self.wanted),
            "relation_f1": 2 * self.relations_right
            / max(1, self.relations_named + self.relations_wanted),
            "room_accuracy": self.places_right / max(1, self.places),
            "position_error_m": median(self.errors) if self.errors else math.nan,
        }  # fmt: skip


def score_graph(memory: SceneMemory, home: Home, reference: Reference) -> GraphScores:
    """Compare what a memory believes with a home."""
    objects = [one for one in memory.objects() if one.label not in STRUCTURE]
    known = match_objects(objects, home, memory.words)
    right = len(reference.objects.intersection(known.values()))
    found, wrong, unasked = set(), 0, set()
    for one in objects:
        for held in memory.relations(one.name):
            ends = {held.subject, held.object}
            if held.subject != one.name or held.predicate not in PREDICATES:
                continue
            if not ends <= {each.name for each in objects}:
                continue
            if not ends <= known.keys():
                wrong += 1
                continue
            relation = undirected(Relation(known[held.subject], held.predicate, known[held.object]))
            if relation in reference.relations:
                found.add(relation)
            elif relation in reference.all_relations:
                unasked.add(relation)
            else:
                wrong += 1
    rooms = home.plan.rooms
    places = memory.places()
    labels = [
        (room.label, home.plan.room_at(*places[place].position[:2]))
        for room in memory.rooms().values()
        for place in room.places
    ]
    return GraphScores(
        right=right,
        named=len(objects) - (len(known) - right),
        wanted=len(reference.objects),
        relations_right=len(found),
        relations_named=len(found) + wrong,
        relations_wanted=len(reference.relations),
        places_right=sum(at is not None and label == rooms[at].name for label, at in labels),
        places=len(labels),
        errors=tuple(
            math.dist(one.position, middle(home, known[one.name]))
            for one in objects
            if known.get(one.name) in reference.objects
        ),
    )


def match_objects(objects: list[Match], home: Home, words: Words) -> dict[str, int]:
    """True objects by the names of a memory's: of a like word, and nearest first, each once.

    A pair of shoes and a row of books may be two objects of the memory.
    """
    pairs = sorted(
        (distance, one.name, true.number)
        for one in objects
        for true in home.objects
        if (distance := box_distance(home, true.number, one.position)) <= REACH
        and words.similarity(one.label, true.name) >= SIMILAR
    )
    known: dict[str, int] = {}
    for _, name, number in pairs:
        several = 2 if home.objects[number].name in PAIRS | ROWS else 1
        if name not in known and list(known.values()).count(number) < several:
            known[name] = number
    return known


def box_distance(home: Home, number: int, point: tuple[float, float, float]) -> float:
    """Metres from a point to the box around an object."""
    one = home.objects[number]
    return float(np.linalg.norm(np.maximum(np.maximum(one.low - point, point - one.high), 0)))
