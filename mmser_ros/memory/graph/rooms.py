# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rooms: connected places with the same voted label."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from mmser_ros.memory.graph.records import Place, Vector
from mmser_ros.memory.graph.scene_graph import SceneGraph

ROUNDS = 4
"""Rounds of label propagation; further rounds change almost nothing."""


@dataclass(frozen=True)
class Room:
    """Connected places with the same label.

    Attributes:
        label: the word with most votes; None if no caption named one.
        places: names of the places.
        position: mean position of the places, in metres.
    """

    label: str | None
    places: tuple[str, ...]
    position: Vector


class Rooms:
    """Divides places into rooms by label propagation over the topology.

    After Raghavan, Albert and Kumara (2007), but places start with the votes of captions in place
    of unique labels. In each round, the belief of a place is its own votes plus `reach` times the
    mean belief of its neighbours. A room is a connected part of the topology with one best label.

    Args:
        graph: with the places. Results are cached until it changes.
        reach: weight of the neighbours against a place's own votes.
    """

    def __init__(self, graph: SceneGraph, reach: float) -> None:
        self._graph, self._reach = graph, reach
        self._topology_at = self._votes_at = -1
        self._names: list[str] = []
        self._pairs = np.zeros((2, 0), int)
        self._labels: list[str | None] | None = None
        self._rooms: dict[str, Room] = {}
        self._of: dict[str, str] = {}

    def all(self) -> dict[str, Room]:
        """All rooms by name."""
        self._update()
        return self._rooms

    def of(self, place: str | None) -> tuple[str | None, str | None]:
        """Name and label of the room of a place."""
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
            self._topology_at, self._labels = graph.topology_revision, None
        elif self._votes_at == graph.votes_revision:
            return
        self._votes_at = graph.votes_revision
        labels = self._propagate()
        if labels != self._labels:
            self._labels = labels
            self._split(labels)

    def _propagate(self) -> list[str | None]:
        """The best label of each place."""
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
        for _ in range(ROUNDS):
            neighbours = np.zeros_like(own)
            np.add.at(neighbours, source, belief[target])
            belief = own + self._reach * neighbours / degree
        best, voted = belief.argmax(1).tolist(), (belief.max(1) > 0).tolist()
        return [labels[i] if any_vote else None for i, any_vote in zip(best, voted, strict=True)]

    def _split(self, labels: list[str | None]) -> None:
        agreeing: nx.Graph = nx.Graph()
        agreeing.add_nodes_from(range(len(labels)))
        agreeing.add_edges_from((a, b) for a, b in self._pairs.T.tolist() if labels[a] == labels[b])
        self._rooms, self._of = {}, {}
        positions = [place.position for _, place in self._graph.nodes(Place)]
        for members in nx.connected_components(agreeing):
            inside = sorted(members)
            middle = np.mean([positions[i] for i in inside], axis=0)
            names = tuple(self._names[i] for i in inside)
            room = "room:" + names[0].removeprefix("place:")
            center = (float(middle[0]), float(middle[1]), float(middle[2]))
            self._rooms[room] = Room(labels[inside[0]], names, center)
            self._of.update(dict.fromkeys(names, room))
