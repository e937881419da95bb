# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations that captions assert, and what geometry has to say of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.graph import SceneGraph
from mmser_ros.memory.grounding import heading
from mmser_ros.memory.nodes import Evidence, Relation, Thing

EXCLUSIVE = ("on", "in", "under", "above", "next to")
"""Of these one holds between two things; the one that is best supported."""
SIDES = {
    "left of": (0.0, 1.0),
    "right of": (0.0, -1.0),
    "behind": (1.0, 0.0),
    "in front of": (-1.0, 0.0),
}
"""The direction that a subject lies in, seen from the robot (x ahead, y left)."""
BESIDE = {"next to": 1.2, "against": 1.2, "attached to": 1.2, "near": 2.0, "around": 2.0}
"""Metres between the edges of two things up to which they are beside each other."""
SURE = 0.8
"""Positions with a larger standard deviation (metres) don't judge."""
DEFAULT_SIZE, DEFAULT_HEIGHT = 0.5, 0.3
"""Metres, of a thing whose size no region told."""
APART = 0.15
"""Share of two heights by which the middles differ where one thing is on or under the other."""
MAX_SAID = 4.0


@dataclass(frozen=True)
class Judged:
    """A relation with all that is known of it.

    Attributes:
        subject: name of a thing.
        predicate: as in `parsed.PREDICATES`.
        object: name of a thing.
        score: log-odds that it holds.
        geometry: 1 it fits, -1 it contradicts, 0 it can't be told.
        contradicted: geometry or a better supported relation speaks against it.
        relation: what captions said.
    """

    subject: str
    predicate: str
    object: str
    score: float
    geometry: int
    contradicted: bool
    relation: Relation


def say(graph: SceneGraph, slot: tuple[str, str, str], weight: float, evidence: Evidence) -> None:
    """A caption asserts a relation, (subject, object, predicate)."""
    old = graph.get(slot)
    stamp = evidence.stamp
    if isinstance(old, Relation):
        best = max(old.best, evidence, key=lambda one: one.weight)
        new = replace(old, said=old.said + weight, last_seen=max(stamp, old.last_seen), best=best)
    else:
        new = Relation(weight, stamp, stamp, evidence)
    graph.put(slot, new)


def judge_all(graph: SceneGraph, name: str, config: MemoryConfig) -> list[Judged]:
    """All relations of a thing, the best supported first."""
    judged = [
        _judge(graph, slot, record, config)
        for slot, record in graph.edges(name)
        if isinstance(record, Relation)
    ]
    best: dict[frozenset[str], tuple[float, str, str]] = {}
    for one in judged:
        if one.predicate in EXCLUSIVE:
            pair = frozenset((one.subject, one.object))
            best[pair] = max(
                best.get(pair, (-math.inf, "", "")), (one.score, one.predicate, one.subject)
            )
    result = []
    for one in judged:
        winner = best.get(frozenset((one.subject, one.object)))
        beaten = one.predicate in EXCLUSIVE and winner != (one.score, one.predicate, one.subject)
        result.append(replace(one, contradicted=one.geometry < 0 or beaten))
    return sorted(result, key=lambda one: (-one.score, one.subject, one.predicate, one.object))


def _judge(
    graph: SceneGraph, slot: tuple[str, ...], relation: Relation, config: MemoryConfig
) -> Judged:
    subject, target, predicate = slot
    ends = [graph.node(one, Thing) for one in (subject, target)]
    geometry = 0
    if config.check_geometry and ends[0] is not None and ends[1] is not None:
        geometry = fits(predicate, ends[0], ends[1], relation.best)
    score = config.relation_prior + config.relation_said * min(relation.said, MAX_SAID)
    score += {1: config.relation_fits, 0: 0.0, -1: config.relation_contradicted}[geometry]
    return Judged(subject, predicate, target, score, geometry, False, relation)


def fits(predicate: str, a: Thing, b: Thing, seen: Evidence) -> int:
    """Whether the positions of two things agree with a relation: 1, -1, or 0 for can't tell.

    "left of" and the like are judged from where the robot stood when it said so.
    """
    if max(a.sigma, b.sigma) > SURE:
        return 0
    dx, dy = (a.position[i] - b.position[i] for i in (0, 1))
    far = math.hypot(dx, dy)
    half = (a.size or DEFAULT_SIZE) / 2 + (b.size or DEFAULT_SIZE) / 2
    slack = 0.1 + math.hypot(a.sigma, b.sigma) / 2
    if predicate in SIDES:
        turn = heading(seen.pose.orientation)
        ahead = dx * math.cos(turn) + dy * math.sin(turn)
        left = dy * math.cos(turn) - dx * math.sin(turn)
        side = SIDES[predicate]
        along = ahead * side[0] + left * side[1]
        return 1 if along > 0 else -1 if along < -slack else 0
    if predicate in BESIDE:
        return 1 if far <= half + BESIDE[predicate] else -1 if far > half + 3 else 0
    if predicate not in EXCLUSIVE:
        return 0
    tall, base = a.height or DEFAULT_HEIGHT, b.height or DEFAULT_HEIGHT
    size = b.size or DEFAULT_SIZE  # what carries, covers or holds something reaches over it
    lift, need = a.position[2] - b.position[2], APART * (tall + base)
    upright, wrong = {
        "on": (lift >= need, lift < need / 3 or lift - tall / 2 < -slack),
        "above": (lift >= need, lift < need / 3),
        "under": (lift <= -need, lift > -need / 3),
        "in": (abs(lift) <= base / 2, lift > base / 2 + slack or base * size < 1.5 * tall * a.size),
    }[predicate]
    if upright and far <= 0.75 * size + slack:
        return 1
    return -1 if wrong or far > size + 2 * slack else 0
