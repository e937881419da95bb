# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rooms: communities of places with a voted label."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from mmser_ros.memory.graph.records import Place, Vector
from mmser_ros.memory.graph.scene_graph import SceneGraph

SWEEPS = 4
"""Rounds in which places listen to their neighbours; further ones change next to nothing."""


@dataclass(frozen=True)
class Room:
    """A community of places that agree on what they are.

    Attributes:
        label: the word with most votes, None where no caption named any.
        places: their names.
        position: the middle of the places, in metres.
    """

    label: str | None
    places: tuple[str, ...]
    position: Vector


class Rooms:
    """Connected places that agree on a label after listening to their neighbours.

    Label propagation over the topology (Raghavan, Albert and Kumara, 2007), where places start
    with the votes of captions instead of labels of their own: a place's belief is its own votes
    plus `reach` times the mean of its neighbours' beliefs, a few rounds over. A room is a
    connected part of the topology in which the heaviest label is the same.

    Args:
        graph: with the places; what was computed is used again until it changes.
        reach: how much a place listens to its neighbours, against its own votes.
    """

    def __init__(self, graph: SceneGraph, reach: float) -> None:
        self._graph, self._reach = graph, reach
        self._topology_at = self._votes_at = -1
        self._names: list[str] = []
        self._pairs = np.zeros((2, 0), int)
        self._marks: list[str | None] | None = None
        self._rooms: dict[str, Room] = {}
        self._of: dict[str, str] = {}

    def all(self) -> dict[str, Room]:
        """Rooms by name."""
        self._update()
        return self._rooms

    def of(self, place: str | None) -> tuple[str | None, str | None]:
        """Name and label of the room that a place is in."""
        self._update()
        name = self._of.get(place or "")
        return (name, self._rooms[name].label) if name is not None else (None, None)

    def _update(self) -> None:
        graph = self._graph
        if self._topology_at != graph.topology_revision:
            self._names = [name for name, _ in graph.nodes(Place)]
            row = {name: i for i, name in enumerate(self._names)}
            pairs = [(row[a], row[b]) for a in self._names for b, _ in graph.neighbours(a)]
            self._pairs = np.array(pairs, int).reshape(-1, 2).T
            self._topology_at, self._marks = graph.topology_revision, None
        elif self._votes_at == graph.votes_revision:
            return
        self._votes_at = graph.votes_revision
        marks = self._labels()
        if marks != self._marks:
            self._marks = marks
            self._divide(marks)

    def _labels(self) -> list[str | None]:
        """The label that each place believes in."""
        votes = [place.votes for _, place in self._graph.nodes(Place)]
        labels = sorted({label for one in votes for label, _ in one})
        if not labels:
            return [None] * len(votes)
        column = {label: i for i, label in enumerate(labels)}
        own = np.zeros((len(votes), len(labels)))
        for row, one in enumerate(votes):
            for label, weight in one:
                own[row, column[label]] = weight
        source, target = self._pairs
        degree = np.maximum(1, np.bincount(source, minlength=len(votes)))[:, None]
        belief = own
        for _ in range(SWEEPS):
            heard = np.zeros_like(own)
            np.add.at(heard, source, belief[target])
            belief = own + self._reach * heard / degree
        best, called = belief.argmax(1).tolist(), (belief.max(1) > 0).tolist()
        return [labels[i] if known else None for i, known in zip(best, called, strict=True)]

    def _divide(self, marks: list[str | None]) -> None:
        agreeing: nx.Graph = nx.Graph()
        agreeing.add_nodes_from(range(len(marks)))
        agreeing.add_edges_from((a, b) for a, b in self._pairs.T.tolist() if marks[a] == marks[b])
        self._rooms, self._of = {}, {}
        positions = [place.position for _, place in self._graph.nodes(Place)]
        for members in nx.connected_components(agreeing):
            inside = sorted(members)
            middle = np.mean([positions[i] for i in inside], axis=0)
            names = tuple(self._names[i] for i in inside)
            room = "room:" + names[0].removeprefix("place:")
            center = (float(middle[0]), float(middle[1]), float(middle[2]))
            self._rooms[room] = Room(marks[inside[0]], names, center)
            self._of.update(dict.fromkeys(names, room))
