# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations that captions assert, and what geometry has to say of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mmser_ros.core.geometry import heading
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.graph.records import Evidence, Relation, Thing
from mmser_ros.memory.graph.scene_graph import SceneGraph

EXCLUSIVE = ("on", "in", "under", "above", "next to")
"""Of these one holds between two things; the one that is best supported."""
SIDES = {
    "left of": (0.0, 1.0),
    "right of": (0.0, -1.0),
    "behind": (1.0, 0.0),
    "in front of": (-1.0, 0.0),
}
"""The direction that a subject lies in, seen from the robot (x ahead, y left)."""
BESIDE = {"next to": 1.0, "against": 1.0, "attached to": 1.0, "near": 2.0, "around": 2.0}
"""Metres between the edges of two things up to which they seem to be beside each other …"""
BEYOND = 2.0
"""… and so many metres farther apart they can't be."""
SURE = 0.8
"""Positions with a larger standard deviation (metres) don't judge."""
DEFAULT_SIZE, DEFAULT_HEIGHT = 0.5, 0.3
"""Metres, of a thing whose size no region told."""
APART = 0.15
"""Share of two heights by which the middles differ where one thing is on or under the other."""
RESTS = 0.6
"""Share of two half heights from which on the middles are as far apart as if one bore the other."""
MAX_SAID = 4.0


@dataclass(frozen=True)
class Judged:
    """A relation with all that is known of it.

    Attributes:
        subject: name of a thing.
        predicate: as in `parsed.PREDICATES`.
        object: name of a thing.
        score: log-odds that it holds.
        geometry: 1 positions agree, -1 they contradict, 0 they can't tell.
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
    agreement = 0.0
    if config.check_geometry and ends[0] is not None and ends[1] is not None:
        agreement = fits(predicate, ends[0], ends[1], relation.best)
    score = config.relation_prior + config.relation_mention * min(relation.said, MAX_SAID)
    score += max(0.0, agreement) * config.relation_agreement
    score += max(0.0, -agreement) * config.relation_contradiction
    return Judged(subject, predicate, target, score, round(agreement), False, relation)


def fits(predicate: str, a: Thing, b: Thing, seen: Evidence) -> float:
    """How far the positions of two things agree with a relation: from 1 over 0, can't tell, to -1.

    "left of" and the like are judged from where the robot stood when it said so.
    """
    if max(a.sigma, b.sigma) > SURE:
        return 0.0
    slack = 0.1 + math.hypot(a.sigma, b.sigma) / 2
    if predicate in SIDES:
        return _sideways(SIDES[predicate], a, b, heading(seen.pose.orientation), slack)
    if predicate == "next to" and (overlap := _overlap(a, b)) is not None:
        return overlap
    if predicate in BESIDE:
        apart = _far(a, b) - (_width(a) + _width(b)) / 2
        near = BESIDE[predicate]
        return 1.0 - max(0.0, apart) / near if apart < near else max(-1.0, (near - apart) / BEYOND)
    return _upright(predicate, a, b, slack) if predicate in EXCLUSIVE else 0.0


def _far(a: Thing, b: Thing) -> float:
    return math.dist(a.position[:2], b.position[:2])


def _width(thing: Thing) -> float:
    return thing.size or DEFAULT_SIZE


def _tall(thing: Thing) -> float:
    return thing.height or DEFAULT_HEIGHT


def _sideways(side: tuple[float, float], a: Thing, b: Thing, turn: float, slack: float) -> float:
    """Whether `a` lies on a side of `b` for somebody with a heading, in radians."""
    dx, dy = (a.position[i] - b.position[i] for i in (0, 1))
    ahead = dx * math.cos(turn) + dy * math.sin(turn)
    left = dy * math.cos(turn) - dx * math.sin(turn)
    along = ahead * side[0] + left * side[1]
    return 1.0 if along > 0 else -1.0 if along < -slack else 0.0


def _overlap(a: Thing, b: Thing) -> float | None:
    """Why two things can't be side by side: one lies over or in the other; None if neither does.

    Only a width was seen. What lies within a quarter of it from the middle is within the thing
    whatever its depth, and so is what is farther out and as high as if it rested on it.
    """
    far, width = _far(a, b), max(_width(a), _width(b))
    if far >= width / 2:
        return None
    rests = abs(a.position[2] - b.position[2]) > RESTS * (_tall(a) + _tall(b)) / 2
    return -1.0 if rests or far < width / 4 else 0.0


def _upright(predicate: str, a: Thing, b: Thing, slack: float) -> float:
    """Whether heights and overlap agree with a relation of what lies over or in another."""
    tall, base, size = _tall(a), _tall(b), _width(b)
    lift, need = a.position[2] - b.position[2], APART * (tall + base)
    hangs = a.height > 0 and b.height > 0 and lift - (tall + base) / 2 > slack + 0.1
    small = 0 < base * b.size < 1.5 * tall * a.size
    right, wrong = {
        "on": (lift >= need, lift < need / 3 or lift - tall / 2 < -slack or hangs),
        "above": (lift >= need, lift < need / 3),
        "under": (lift <= -need, lift > slack / 2),
        "in": (abs(lift) <= base / 2, lift > base / 2 + slack or small),
    }[predicate]
    far = _far(a, b)  # what carries, covers or holds something reaches over it
    if wrong or far > size + 2 * slack:
        return -1.0
    return 1.0 if right and far <= 0.75 * size + slack else 0.0
