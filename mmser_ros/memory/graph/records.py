# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Records of the nodes and edges of the scene graph: frozen, in the frame of the map."""

from __future__ import annotations

from dataclasses import dataclass

from mmser_ros.core.types import Pose

Vector = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""3x3, row by row."""
Votes = tuple[tuple[str, float], ...]
"""Words with their weights, the largest weight first."""
MAX_VOTES, MAX_VISITS, MAX_DISTINCT = 8, 16, 8
"""Maximum entries that a record keeps, so that its size is bounded."""


@dataclass(frozen=True)
class Provenance:
    """The observation that supports a record best.

    Attributes:
        robot: name of the robot that observed it.
        stamp: time of the image, in nanoseconds.
        caption: text of the caption.
        pose: of the robot.
        weight: strength of the observation: it grows with confidence and falls with distance.
    """

    robot: str
    stamp: int
    caption: str
    pose: Pose
    weight: float


@dataclass(frozen=True)
class Object:
    """An object that captions name.

    Attributes:
        word: canonical word of the taxonomy.
        kind: kind of the taxonomy, such as `furniture`.
        names: words that captions use for it.
        attributes: attributes that captions give it.
        position: metres.
        covariance: of the position, in square metres.
        information: inverse covariance, the sum over detections, in 1/m².
        size: width in metres; 0 if no region gave it.
        height: in metres; 0 if no region gave it.
        log_odds: log-odds that the object is present, at `as_of`.
        as_of: stamp of the last observation that updated `log_odds`, in nanoseconds.
        detections: weighted number of detections.
        opportunities: weighted number of observations that could have detected it.
        misses: weighted number of missed detections since the last detection.
        first_seen: stamp of the first detection, in nanoseconds.
        last_seen: stamp of the last detection, in nanoseconds.
        visits: (first, last) stamps of the periods in which it was detected.
        provenance: the observation that shows it best.
        confirmed: its probability was once above the threshold.
        gone: it was confirmed, and later observations do not detect it.
        moves: how often it was found at another position.
        place: name of the nearest place at the last detection.
        distinct_from: names of similar objects that one observation showed beside it.
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
    log_odds: float
    as_of: int
    detections: float
    opportunities: float
    misses: float
    first_seen: int
    last_seen: int
    visits: tuple[tuple[int, int], ...]
    provenance: Provenance
    confirmed: bool = False
    gone: bool = False
    moves: int = 0
    place: str | None = None
    distinct_from: tuple[str, ...] = ()

    @property
    def sigma(self) -> float:
        """Standard deviation of the position in metres, over all axes."""
        return max(0.0, self.covariance[0] + self.covariance[4] + self.covariance[8]) ** 0.5


@dataclass(frozen=True)
class Place:
    """A place where a robot stood.

    Attributes:
        position: of the robot, in metres.
        votes: room labels that captions give.
        first_seen: stamp of the first visit, in nanoseconds.
        last_seen: stamp of the last visit, in nanoseconds.
    """

    position: Vector
    votes: Votes
    first_seen: int
    last_seen: int


@dataclass(frozen=True)
class Agent:
    """A robot.

    Attributes:
        pose: the last pose.
        stamp: of `pose`, in nanoseconds.
        place: name of the place at `pose`.
        keyframe: pose at the last keyframe.
        keyframe_stamp: of `keyframe`, in nanoseconds.
    """

    pose: Pose
    stamp: int
    place: str
    keyframe: Pose
    keyframe_stamp: int

    @property
    def position(self) -> Vector:
        """Position of `pose`, in metres."""
        return self.pose.position


@dataclass(frozen=True)
class Path:
    """A robot drove between two places; the edge is stored in both directions.

    Attributes:
        length: in metres.
    """

    length: float


@dataclass(frozen=True)
class Relation:
    """A relation between two objects that captions assert; the edge's key is the predicate.

    Attributes:
        assertions: weighted number of captions that assert it.
        first_seen: stamp of the first assertion, in nanoseconds.
        last_seen: stamp of the last assertion, in nanoseconds.
        provenance: the observation that supports it best; "left of" holds from its pose.
    """

    assertions: float
    first_seen: int
    last_seen: int
    provenance: Provenance


Node = Place | Object | Agent


def add_vote(votes: Votes, word: str, weight: float) -> Votes:
    """Add weight to a word and keep the MAX_VOTES words with the largest weights."""
    table = dict(votes)
    table[word] = table.get(word, 0.0) + weight
    return tuple(sorted(table.items(), key=lambda one: (-one[1], one[0]))[:MAX_VOTES])
