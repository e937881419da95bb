# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations that captions assert, checked by geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mmser_ros.core.geometry import heading
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.graph.records import Object, Provenance, Relation
from mmser_ros.memory.graph.scene_graph import SceneGraph

EXCLUSIVE = ("on", "in", "under", "above", "next to")
"""Predicates that exclude each other: of two objects, only the best supported one holds."""
SIDES = {
    "left of": (0.0, 1.0),
    "right of": (0.0, -1.0),
    "behind": (1.0, 0.0),
    "in front of": (-1.0, 0.0),
}
"""Direction from object to subject, in the frame of the robot (x forward, y left)."""
BESIDE = {"next to": 1.0, "against": 1.0, "attached to": 1.0, "near": 2.0, "around": 2.0}
"""Distance (metres) between the edges of two objects below which geometry agrees."""
TOO_FAR = 2.0
"""Metres beyond that distance at which geometry fully contradicts."""
MAX_SIGMA = 0.8
"""Maximum standard deviation (metres) of a position that is used to check relations."""
DEFAULT_SIZE, DEFAULT_HEIGHT = 0.5, 0.3
"""Metres, of an object without a known size."""
MIN_LIFT = 0.15
"""Minimum height difference of the centres for "on" and "under", as a share of both heights."""
RESTING_LIFT = 0.6
"""Height difference at which one object rests on the other, as a share of both half heights."""
SHELF = 0.7
"""Height (metres) from which an object may have boards, on which others stand inside it."""
MAX_ASSERTIONS = 4.0


@dataclass(frozen=True)
class ScoredRelation:
    """A relation with its score.

    Attributes:
        subject: name of an object.
        predicate: one of `language.types.PREDICATES`.
        object: name of an object.
        score: log-odds that it holds.
        geometry: 1 if positions agree, -1 if they contradict, 0 if it is unknown.
        contradicted: by geometry, or by a better supported relation.
        relation: the record in the graph.
    """

    subject: str
    predicate: str
    object: str
    score: float
    geometry: int
    contradicted: bool
    relation: Relation


def add_assertion(
    graph: SceneGraph, slot: tuple[str, str, str], weight: float, provenance: Provenance
) -> None:
    """Add a caption's assertion of a relation (subject, object, predicate)."""
    old = graph.get(slot)
    stamp = provenance.stamp
    if isinstance(old, Relation):
        new = replace(
            old,
            assertions=old.assertions + weight,
            last_seen=max(stamp, old.last_seen),
            provenance=max(old.provenance, provenance, key=lambda one: one.weight),
        )
    else:
        new = Relation(weight, stamp, stamp, provenance)
    graph.put(slot, new)


def score_relations(graph: SceneGraph, name: str, config: MemoryConfig) -> list[ScoredRelation]:
    """Score all relations of an object, the highest score first."""
    scored = [
        _score(graph, slot, record, config)
        for slot, record in graph.edges(name)
        if isinstance(record, Relation)
    ]
    best: dict[frozenset[str], tuple[float, str, str]] = {}
    for one in scored:
        if one.predicate in EXCLUSIVE:
            pair = frozenset((one.subject, one.object))
            claim = (one.score, one.predicate, one.subject)
            best[pair] = max(best.get(pair, claim), claim)
    result = []
    for one in scored:
        winner = best.get(frozenset((one.subject, one.object)))
        beaten = one.predicate in EXCLUSIVE and winner != (one.score, one.predicate, one.subject)
        result.append(replace(one, contradicted=one.geometry < 0 or beaten))
    return sorted(result, key=lambda one: (-one.score, one.subject, one.predicate, one.object))


def _score(
    graph: SceneGraph, slot: tuple[str, ...], relation: Relation, config: MemoryConfig
) -> ScoredRelation:
    subject, target, predicate = slot
    ends = [graph.node(one, Object) for one in (subject, target)]
    agreement = 0.0
    if config.check_geometry and ends[0] is not None and ends[1] is not None:
        agreement = geometric_agreement(predicate, ends[0], ends[1], relation.provenance)
    mentions = min(relation.assertions, MAX_ASSERTIONS)
    score = config.relation_prior + config.relation_mention * mentions
    score += max(0.0, agreement) * config.relation_agreement
    score += max(0.0, -agreement) * config.relation_contradiction
    return ScoredRelation(subject, predicate, target, score, round(agreement), False, relation)


def geometric_agreement(predicate: str, a: Object, b: Object, seen_from: Provenance) -> float:
    """Agreement of two positions with a relation, from 1 over 0 (unknown) to -1 (contradiction).

    "left of" and similar predicates are checked from the pose of the observation `seen_from`.
    """
    if max(a.sigma, b.sigma) > MAX_SIGMA:
        return 0.0
    slack = 0.1 + math.hypot(a.sigma, b.sigma) / 2
    if predicate in SIDES:
        return _sideways(SIDES[predicate], a, b, heading(seen_from.pose.orientation), slack)
    if predicate == "next to" and (overlap := _overlap(a, b)) is not None:
        return overlap
    if predicate in BESIDE:
        apart = _distance(a, b) - (_width(a) + _width(b)) / 2
        near = BESIDE[predicate]
        return 1.0 - max(0.0, apart) / near if apart < near else max(-1.0, (near - apart) / TOO_FAR)
    return _upright(predicate, a, b, slack) if predicate in EXCLUSIVE else 0.0


def _distance(a: Object, b: Object) -> float:
    return math.dist(a.position[:2], b.position[:2])


def _width(obj: Object) -> float:
    return obj.size or DEFAULT_SIZE


def _height(obj: Object) -> float:
    return obj.height or DEFAULT_HEIGHT


def _sideways(side: tuple[float, float], a: Object, b: Object, turn: float, slack: float) -> float:
    """Agreement with `a` being on a side of `b`, seen with a heading in radians."""
    dx, dy = (a.position[i] - b.position[i] for i in (0, 1))
    ahead = dx * math.cos(turn) + dy * math.sin(turn)
    left = dy * math.cos(turn) - dx * math.sin(turn)
    along = ahead * side[0] + left * side[1]
    return 1.0 if along > 0 else -1.0 if along < -slack else 0.0


def _overlap(a: Object, b: Object) -> float | None:
    """Agreement with "next to" if one object overlaps the other from above; None if none does.

    Only the width of an object is known, not its depth. A centre within a quarter of the width is
    inside the object. A centre farther out is on the object if it is high enough to rest on it.
    """
    far, width = _distance(a, b), max(_width(a), _width(b))
    if far >= width / 2:
        return None
    rests = abs(a.position[2] - b.position[2]) > RESTING_LIFT * (_height(a) + _height(b)) / 2
    return -1.0 if rests or far < width / 4 else 0.0


def _upright(predicate: str, a: Object, b: Object, slack: float) -> float:
    """Agreement of heights and overlap with "on", "above", "under" or "in"."""
    tall, base, size = _height(a), _height(b), _width(b)
    lift, need = a.position[2] - b.position[2], MIN_LIFT * (tall + base)
    hangs = a.height > 0 and b.height > 0 and lift - (tall + base) / 2 > slack + 0.1
    small = 0 < base * b.size < 1.5 * tall * a.size
    shelved = base > SHELF and tall < base / 2 and abs(lift) < base / 2
    sunk = lift < need / 3 or lift - tall / 2 < -slack
    right, wrong = {
        "on": (shelved or lift >= need, not shelved and (sunk or hangs)),
        "above": (lift >= need, lift < need / 3),
        "under": (lift <= -need, lift > slack / 2),
        "in": (abs(lift) <= base / 2, lift > base / 2 + slack or small),
    }[predicate]
    far = _distance(a, b)  # the supporting object extends beyond the other
    if wrong or far > size + 2 * slack:
        return -1.0
    return 1.0 if right and far <= 0.75 * size + slack else 0.0
