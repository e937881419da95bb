# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where another look would settle most doubts: poses by expected gain.

The memory doubts

- an object whose existence is uncertain, such as one that was seen once: the entropy of its
  probability, in bits;
- what lies on furniture that was seen only from afar;
- the label of a room that no caption named;
- an object that a question asks for and that is not believed yet, or an unanswered question's
  places with the fewest objects.

The gain of a pose is the sum over the doubts that it would see. The best pose is taken first; what
it would see does not count for the next one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import Pose
from mmser_ros.memory.graph.records import Object, Place, Vector
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.query import MIN_SIMILARITY, Filters, Query
from mmser_ros.memory.routes import facing

STAND_OFF = 1.4
"""Metres from an object from which a camera sees it and what lies on it."""
FAR = 1.8
"""Metres beyond which small things on furniture are not seen; at twice this the gain is full."""
FAR_GAIN, ROOM_GAIN, QUESTION_GAIN = 0.4, 0.5, 1.0
"""Gains in bits: of furniture seen from afar, of a room without a label, of a question."""
HALF_VIEW = 0.5
"""Radians to each side that a look covers."""
REACH = 3.0
"""Metres up to which a look settles a doubt."""
LEAST = 0.05
"""Doubts and looks with less gain are left out."""
FEWEST = 3
"""Places that an unanswered question asks for, if no object is like the one it asks for."""
TURNS = (0.0, 2 * math.pi / 3, -2 * math.pi / 3)
"""Directions to look in from a place, if nothing says where."""


@dataclass(frozen=True)
class WantedLook:
    """A pose to look from.

    Attributes:
        pose: of the robot.
        gain: expected gain, in bits.
        reasons: what it would settle: names of objects and rooms, and questions.
    """

    pose: Pose
    gain: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Doubt:
    """Something to look at, with poses from which it can be seen."""

    reason: str
    gain: float
    position: Vector
    room: str | None
    poses: tuple[Pose, ...]


def wanted_looks(
    graph: SceneGraph, query: Query, now: int, questions: Iterable[str] = (), k: int = 10
) -> list[WantedLook]:
    """The looks that the memory wants, the largest gain first.

    Args:
        graph: of the memory.
        query: answers questions from it.
        now: stamp (nanoseconds) of the probabilities.
        questions: texts that `find` should answer.
        k: maximum number of looks.
    """
    asked = [text for text in questions if not query.find(text, now, Filters(), 1)]
    doubts = [*_of_objects(graph, query, now, asked), *_of_rooms(graph, query)]
    doubts += _of_places(graph, query, asked)
    doubts = [one for one in doubts if one.gain >= LEAST and one.poses]
    looks: list[WantedLook] = []
    while doubts and len(looks) < k:
        candidates = [(pose, one.room) for one in doubts for pose in one.poses]
        gained = [
            (sum(one.gain * _seen(one, pose, room) for one in doubts), number)
            for number, (pose, room) in enumerate(candidates)
        ]
        gain, number = max(gained, key=lambda one: (one[0], -one[1]))
        if gain < LEAST:
            break
        pose, room = candidates[number]
        settled = [one for one in doubts if _seen(one, pose, room) > 0]
        looks.append(WantedLook(pose, gain, tuple(one.reason for one in settled)))
        doubts = [one for one in doubts if one not in settled]
    return looks


def entropy(chance: float) -> float:
    """Entropy of a probability, in bits."""
    if not 0 < chance < 1:
        return 0.0
    return -chance * math.log2(chance) - (1 - chance) * math.log2(1 - chance)


def _of_objects(
    graph: SceneGraph, query: Query, now: int, asked: Sequence[str]
) -> Iterable[_Doubt]:
    """Doubts about objects: whether they exist, what lies on them, whether they are asked for."""
    heads = {text: query.asked_words(text) for text in asked}
    for name, obj in graph.nodes(Object):
        if obj.gone:
            continue
        gain = entropy(query.probability(obj, now))
        away = math.dist(obj.provenance.pose.position[:2], obj.position[:2])
        if obj.kind in ("furniture", "fixture") and obj.confirmed:
            gain += FAR_GAIN * min(1.0, max(0.0, away / FAR - 1))
        like = [
            max(query.words.similarity(head, obj.word) for head in some) for some in heads.values()
        ]
        gain += QUESTION_GAIN * sum(one >= MIN_SIMILARITY for one in like)
        room = query.rooms.of(obj.place)[0]
        yield _Doubt(name, gain, obj.position, room, tuple(_poses_at(graph, obj)))


def _of_rooms(graph: SceneGraph, query: Query) -> Iterable[_Doubt]:
    """Doubts about the labels of rooms."""
    for name, room in query.rooms.all().items():
        if room.label is None:
            yield _around(graph, name, ROOM_GAIN, room.places, room.position, name)


def _of_places(graph: SceneGraph, query: Query, asked: Sequence[str]) -> Iterable[_Doubt]:
    """Places with the fewest objects, for questions about words that no object is like."""
    known = [obj.word for _, obj in graph.nodes(Object) if not obj.gone]
    held: dict[str, int] = {name: 0 for name, _ in graph.nodes(Place)}
    for _, obj in graph.nodes(Object):
        if obj.place in held:
            held[obj.place] += 1
    emptiest = sorted(held, key=lambda one: (held[one], one))[:FEWEST]
    for text in asked:
        heads = query.asked_words(text)
        if any(query.words.similarity(a, b) >= MIN_SIMILARITY for a in heads for b in known):
            continue
        for name in emptiest:
            place = graph.node(name, Place)
            if place is not None:
                gain = QUESTION_GAIN / FEWEST
                room = query.rooms.of(name)[0]
                yield _around(graph, text, gain, (name,), place.position, room)


def _around(
    graph: SceneGraph, reason: str, gain: float, places: Sequence[str], middle: Vector,
    room: str | None,
) -> _Doubt:  # fmt: skip
    """A doubt that a look from the place nearest to a point may settle, in any direction."""
    stands = [one.position for name in places if (one := graph.node(name, Place)) is not None]
    at = min(stands, key=lambda one: (math.dist(one, middle), one))
    poses = tuple(Pose(at, (0.0, 0.0, math.sin(one / 2), math.cos(one / 2))) for one in TURNS)
    return _Doubt(reason, gain, at, room, poses)


def _poses_at(graph: SceneGraph, obj: Object) -> Iterable[Pose]:
    """Poses that face an object: nearer on the line from which it was seen, and from places."""
    seen_from = obj.provenance.pose.position
    away = math.dist(seen_from[:2], obj.position[:2])
    if away > STAND_OFF:
        share = STAND_OFF / away
        x, y = (obj.position[i] + share * (seen_from[i] - obj.position[i]) for i in (0, 1))
        yield facing((x, y, seen_from[2]), obj.position)
    for _, place in graph.near(Place, obj.position[:2], 1.5 * STAND_OFF):
        if math.dist(place.position[:2], obj.position[:2]) > STAND_OFF / 2:
            yield facing(place.position, obj.position)


def _seen(doubt: _Doubt, pose: Pose, room: str | None) -> float:
    """How well a look from a pose settles a doubt, 0 to 1; objects in other rooms are hidden."""
    if pose in doubt.poses:
        return 1.0
    dx, dy = (doubt.position[i] - pose.position[i] for i in (0, 1))
    far = math.hypot(dx, dy)
    turn = abs(math.remainder(math.atan2(dy, dx) - heading(pose.orientation), 2 * math.pi))
    if doubt.room != room or far > REACH or turn > HALF_VIEW or far < STAND_OFF / 2:
        return 0.0
    return min(1.0, STAND_OFF / far)
