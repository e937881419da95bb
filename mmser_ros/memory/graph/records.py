# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What stands on the nodes and edges of the scene graph: frozen records in the map's frame."""

from __future__ import annotations

from dataclasses import dataclass

from mmser_ros.core.types import Pose

Vector = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""3x3, row by row."""
Votes = tuple[tuple[str, float], ...]
"""Words with the weight that was given to each, the heaviest first."""
MAX_VOTES, MAX_VISITS, MAX_OTHERS = 8, 16, 8
"""How many of each a record keeps, so that it never grows."""


@dataclass(frozen=True)
class Evidence:
    """The look that something is best known from.

    Attributes:
        robot: that looked.
        stamp: of the picture, in nanoseconds.
        caption: what was said.
        pose: of the robot.
        weight: how much this look says, the nearer and surer the more.
    """

    robot: str
    stamp: int
    caption: str
    pose: Pose
    weight: float


@dataclass(frozen=True)
class Thing:
    """Something that captions spoke of.

    Attributes:
        word: canonical word of the lexicon.
        kind: kind of the lexicon.
        names: words as they were said.
        attributes: as they were said.
        position: metres.
        covariance: of the position, in square metres.
        information: inverse covariance that sightings add up in, in 1/m².
        size: width in metres, 0 where no region told.
        height: in metres, 0 where no region told.
        evidence: log-odds that it is there, at `as_of`.
        as_of: stamp of the last look at it or where it should be, in nanoseconds.
        hits: weighted sightings.
        looks: weighted looks that should have seen it.
        missed: weighted looks since the last sighting.
        first_seen: stamp.
        last_seen: stamp.
        visits: (first, last) stamps of the spells in which it was seen.
        confirmed: whether it was ever believed.
        gone: it was confirmed, and looks no longer find it.
        moves: how often it was found elsewhere.
        place: the nearest place when it was last seen.
        best: the look that shows it best.
        others: names of like things that one look saw beside it, so they are not this one.
    """

    word: str
    kind: str
    names: Votes
    attributes: Votes
    position: Vector
    covariance: Matrix
    information: Matrix
    size: float
    height: float
    evidence: float
    as_of: int
    hits: float
    looks: float
    missed: float
    first_seen: int
    last_seen: int
    visits: tuple[tuple[int, int], ...]
    best: Evidence
    confirmed: bool = False
    gone: bool = False
    moves: int = 0
    place: str | None = None
    others: tuple[str, ...] = ()

    @property
    def sigma(self) -> float:
        """Standard deviation of the position in metres, over all directions."""
        return max(0.0, self.covariance[0] + self.covariance[4] + self.covariance[8]) ** 0.5


@dataclass(frozen=True)
class Place:
    """Somewhere a robot stood.

    Attributes:
        position: metres, of the robot.
        votes: words for the room.
        first_seen: stamp.
        last_seen: stamp.
    """

    position: Vector
    votes: Votes
    first_seen: int
    last_seen: int


@dataclass(frozen=True)
class Agent:
    """A robot.

    Attributes:
        pose: its last one.
        stamp: of that.
        place: that it was at.
        keyframe: its pose at the last look that counted as evidence.
        keyframe_stamp: of that.
    """

    pose: Pose
    stamp: int
    place: str
    keyframe: Pose
    keyframe_stamp: int

    @property
    def position(self) -> Vector:
        """Metres."""
        return self.pose.position


@dataclass(frozen=True)
class Path:
    """A robot drove from one place to the other; stored in both directions.

    Attributes:
        length: metres.
    """

    length: float


@dataclass(frozen=True)
class Relation:
    """What captions say of two things; the edge's key is the predicate.

    Attributes:
        said: weighted sayings.
        first_seen: stamp.
        last_seen: stamp.
        best: the look it is best known from; relations like "left of" hold from its pose.
    """

    said: float
    first_seen: int
    last_seen: int
    best: Evidence


Node = Place | Thing | Agent


def add_vote(votes: Votes, word: str, weight: float) -> Votes:
    """The votes with some weight added to a word; the lightest are forgotten."""
    table = dict(votes)
    table[word] = table.get(word, 0.0) + weight
    return tuple(sorted(table.items(), key=lambda one: (-one[1], one[0]))[:MAX_VOTES])
