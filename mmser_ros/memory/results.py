# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Answers of the scene memory; each names its map and frame."""

from __future__ import annotations

from dataclasses import dataclass

from mmser_ros.core.types import Pose
from mmser_ros.memory.graph.records import Provenance, Vector


@dataclass(frozen=True)
class Origin:
    """The map and frame of an answer.

    Attributes:
        map_id: map of the store.
        frame: of all positions and poses.
        stale: the robot is in another map: don't drive to this position.
    """

    map_id: str
    frame: str
    stale: bool


@dataclass(frozen=True)
class Match:
    """An object that matches a question.

    Attributes:
        name: of the object in the graph.
        label: the word that captions use most for it.
        attributes: the most frequent first.
        kind: of the taxonomy.
        score: how well it matches, 0 to 1.
        probability: that it is present at `as_of`.
        position: metres.
        sigma: standard deviation of the position, in metres.
        pose: where a robot stood when it observed the object, with the heading towards it.
        place: name of the nearest place, if any.
        room: label of its room, if any.
        provenance: the observation that shows it best.
        first_seen: stamp, in nanoseconds.
        last_seen: stamp, in nanoseconds.
        age: seconds from `last_seen` to `as_of`.
        as_of: stamp of `age` and `probability`, in nanoseconds.
        moves: how often it was found at another position.
        origin: map and frame.
    """

    name: str
    label: str
    attributes: tuple[str, ...]
    kind: str
    score: float
    probability: float
    position: Vector
    sigma: float
    pose: Pose
    place: str | None
    room: str | None
    provenance: Provenance
    first_seen: int
    last_seen: int
    age: float
    as_of: int
    moves: int
    origin: Origin


@dataclass(frozen=True)
class RelationAnswer:
    """A relation between two objects.

    Attributes:
        subject: name of an object.
        predicate: such as "on".
        object: name of an object.
        probability: that it holds.
        contradicted: by geometry, or by a better supported relation.
        geometry: 1 if positions agree, -1 if they contradict, 0 if it is unknown.
        provenance: the observation that supports it best.
        origin: map and frame.
    """

    subject: str
    predicate: str
    object: str
    probability: float
    contradicted: bool
    geometry: int
    provenance: Provenance
    origin: Origin


@dataclass(frozen=True)
class Route:
    """A route over places where robots have driven.

    Attributes:
        poses: from the start on, each with the heading to the next; the last one faces the object.
        length: in metres.
        origin: map and frame.
    """

    poses: tuple[Pose, ...]
    length: float
    origin: Origin


@dataclass(frozen=True)
class MemoryStatus:
    """Status of a memory.

    Attributes:
        map_id: map of the store.
        stale: the store was opened from another map.
        observations: number of observations in the journal.
        objects: number of objects in the graph, also those with a low probability.
        places: number of places in the graph.
        pending: late observations that wait for `apply_pending`.
        ahead: observations that wait because their stamps are ahead of most others.
        unsaved: observations that are not yet written to the disk.
        lost: observations that were dropped because the disk could not be written.
        problem: why the disk can't be written; empty if it can.
        notice: a message for the user from opening the store; empty if there is none.
        newest: stamp of the newest observation that is not ahead, in nanoseconds.
    """

    map_id: str
    stale: bool
    observations: int
    objects: int
    places: int
    pending: int
    ahead: int
    unsaved: int
    lost: int
    problem: str
    notice: str
    newest: int | None
