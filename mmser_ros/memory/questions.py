# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The questions that a scene memory answers."""

from __future__ import annotations

import threading

import networkx as nx

from mmser_ros.core.types import Pose
from mmser_ros.memory.export import plain_graph
from mmser_ros.memory.graph.records import Place
from mmser_ros.memory.graph.rooms import Room
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.observation_log import History
from mmser_ros.memory.query import Query
from mmser_ros.memory.results import Match, RelationAnswer, Route


class Questions:
    """What can be asked of a memory while others ask it or add to it: calls take turns.

    Args:
        graph: that is asked.
        query: of that graph.
        history: of that graph, which knows what time it is.
        robot: whose ways are meant where no start is given.
    """

    def __init__(self, graph: SceneGraph, query: Query, history: History, robot: str) -> None:
        self._graph, self._query, self._history, self._robot = graph, query, history, robot
        self._lock = threading.RLock()

    def find(
        self,
        text: str,
        *,
        near: tuple[float, ...] | None = None,
        k: int = 5,
        now: int | None = None,
    ) -> list[Match]:
        """Things that a text describes, the best first: "red mug", "the mug on the table".

        Args:
            text: a noun phrase; empty: anything.
            near: (x, y) in metres; what is nearer to it scores higher.
            k: at most so many.
            now: stamp in nanoseconds; by default that of the newest observation.

        Raises:
            QueryError: `near` is not finite.
        """
        with self._lock:
            return self._query.find(text, self._now(now), near, k)

    def things(self, *, now: int | None = None) -> list[Match]:
        """All things that are believed to be there, by name."""
        with self._lock:
            return self._query.things(self._now(now))

    def at(
        self, place: str | tuple[float, ...], *, radius: float = 2.0, now: int | None = None
    ) -> list[Match]:
        """Things at a place, a room, a room's label, or within `radius` metres of (x, y).

        Raises:
            QueryError: there is no such place or room, or a number is not finite.
        """
        with self._lock:
            return self._query.at(place, self._now(now), radius)

    def seen(self, since: int, until: int, *, now: int | None = None) -> list[Match]:
        """Things that were seen between two stamps (nanoseconds), moved away or not."""
        with self._lock:
            return self._query.seen(since, until, self._now(now))

    def relations(self, of: Match | str, *, contradicted: bool = False) -> list[RelationAnswer]:
        """What holds of a thing, the surest first; also what is contradicted, if asked for.

        Raises:
            QueryError: there is no such thing.
        """
        with self._lock:
            name = of if isinstance(of, str) else of.name
            return self._query.relations(name, contradicted=contradicted)

    def path_to(self, match: Match | str, start: Pose | str | None = None) -> Route | None:
        """A way over where robots drove to where a match is seen from; None if none is known.

        Args:
            match: or the name of a thing.
            start: a pose, or the name of a robot; by default this one.

        Raises:
            QueryError: there is no such thing or robot, or the start is not finite.
        """
        with self._lock:
            return self._query.path_to(match, start if start is not None else self._robot)

    def rooms(self) -> dict[str, Room]:
        """Rooms by name."""
        with self._lock:
            return dict(self._query.rooms.all())

    def places(self) -> dict[str, Place]:
        """Places by name."""
        with self._lock:
            return dict(self._graph.nodes(Place))

    def graph(self, *, now: int | None = None) -> nx.MultiDiGraph:
        """The believed graph of rooms, places, things and robots, with plain attributes."""
        with self._lock:
            return plain_graph(self._graph, self._query, self._now(now))

    def _now(self, now: int | None) -> int:
        return now if now is not None else self._history.newest() or 0
