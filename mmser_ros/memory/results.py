# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the scene memory answers with; every answer says of which map and frame it is."""

from __future__ import annotations

from dataclasses import dataclass

from mmser_ros.core.types import Pose
from mmser_ros.memory.graph.records import Evidence, Vector


@dataclass(frozen=True)
class Origin:
    """Where an answer comes from.

    Attributes:
        map_id: of the store; compare it with the map the robot is in.
        frame: of all positions and poses.
        stale: the store was opened from within another map: don't drive there.
    """

    map_id: str
    frame: str
    stale: bool


@dataclass(frozen=True)
class Match:
    """A thing that answers a question.

    Attributes:
        name: of the thing in the graph.
        label: word it is called by most.
        attributes: that hold of it, the surest first.
        kind: of the lexicon.
        score: how well it answers, 0 to 1.
        probability: that it is there now.
        position: metres.
        sigma: standard deviation of the position, in metres.
        pose: where a robot stood and can stand again, turned to face the thing.
        place: the nearest place, if any.
        room: label of its room, if any.
        evidence: the caption it is best known from, with its picture's stamp.
        first_seen: stamp, in nanoseconds.
        last_seen: stamp, in nanoseconds.
        age: seconds since it was last seen.
        as_of: stamp that `age` counts up to and `probability` is of, in nanoseconds.
        moves: how often it was found elsewhere.
        origin: map, frame, and whether they are stale.
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
    evidence: Evidence
    first_seen: int
    last_seen: int
    age: float
    as_of: int
    moves: int
    origin: Origin


@dataclass(frozen=True)
class RelationAnswer:
    """A relation between two things.

    Attributes:
        subject: name of a thing.
        predicate: what captions say.
        object: name of a thing.
        probability: that it holds.
        contradicted: geometry, or a better supported relation, speaks against it.
        geometry: 1 it fits, -1 it contradicts, 0 it can't be told.
        evidence: the caption it is best known from.
        origin: map, frame, and whether they are stale.
    """

    subject: str
    predicate: str
    object: str
    probability: float
    contradicted: bool
    geometry: int
    evidence: Evidence
    origin: Origin


@dataclass(frozen=True)
class Route:
    """A way over places where robots have driven.

    Attributes:
        poses: from the start on, each turned to the next; the last one faces the thing.
        length: metres.
        origin: map, frame, and whether they are stale.
    """

    poses: tuple[Pose, ...]
    length: float
    origin: Origin


@dataclass(frozen=True)
class MemoryStatus:
    """How a memory is doing.

    Attributes:
        map_id: of the store.
        stale: opened from within another map.
        observations: in the journal.
        things: known to the graph, doubtful ones too.
        places: of the topology.
        pending: observations that came too late to be folded in; settle() does it.
        ahead: observations that most others say are of a time to come, and that wait for it.
        unsaved: observations that wait for the disk.
        lost: observations that the disk could not take in time.
        problem: why the disk can't be written; empty when all is well.
        notice: what happened on opening that a user should know.
        newest: stamp of the newest observation that is not ahead, in nanoseconds.
    """

    map_id: str
    stale: bool
    observations: int
    things: int
    places: int
    pending: int
    ahead: int
    unsaved: int
    lost: int
    problem: str
    notice: str
    newest: int | None
