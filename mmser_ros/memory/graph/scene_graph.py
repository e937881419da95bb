# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene graph: a networkx graph of places, objects and robots with undo."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import networkx as nx

from mmser_ros.memory.graph.records import Agent, Node, Object, Path, Place, Relation

Slot = tuple[str, ...]
"""Address of a record: (node,) or (source, target, key)."""
Record = Node | Path | Relation
Undo = list[tuple[Slot, Record | None]]
NodeKind = TypeVar("NodeKind", Place, Object, Agent)

CELL = 2.0
"""Edge length (metres) of the cells of the spatial index."""


class SceneGraph:
    """Records on the nodes and edges of a networkx.MultiDiGraph, with indices.

    The attribute `record` of a node or an edge is a frozen record. Every write goes through `put`,
    which logs the old record, so that writes since `start_transaction` can be undone. Iteration is
    sorted by name: results never depend on the order of writes.
    """

    def __init__(self) -> None:
        self.networkx = nx.MultiDiGraph()
        self.topology_revision = self.votes_revision = 0
        """Counters of changes: of places and paths, and of the votes of places."""
        self._cells: dict[tuple[type, int, int], set[str]] = {}
        self._words: dict[str, set[str]] = {}
        self._kinds: dict[type, set[str]] = {}
        self._undo: Undo = []

    def clear(self) -> None:
        """Delete all records; this can't be undone."""
        self.networkx.clear()
        for index in (self._cells, self._words, self._kinds):
            index.clear()
        self._undo = []
        self.topology_revision += 1
        self.votes_revision += 1

    def start_transaction(self) -> None:
        """Start to log overwritten records, for `changes` and `undo`."""
        self._undo = []

    def changes(self) -> Undo:
        """The log of writes since `start_transaction`, for `undo`."""
        return self._undo

    def undo(self, changes: Undo) -> None:
        """Undo logged writes; several logs must be undone from the newest to the oldest."""
        for slot, record in reversed(changes):
            self._write(slot, record)

    def get(self, slot: Slot) -> Record | None:
        """The record of a node (name,) or an edge (source, target, key); None if there is none."""
        holder = self.networkx.nodes if len(slot) == 1 else self.networkx.edges
        key = slot[0] if len(slot) == 1 else slot
        return holder[key]["record"] if key in holder else None

    def put(self, slot: Slot, record: Record | None) -> None:
        """Write a record; None removes it. Removing a node removes its edges."""
        if record is None and len(slot) == 1:
            for edge in self._edges_of(slot[0]):
                self.put(edge, None)
        self._undo.append((slot, self.get(slot)))
        self._write(slot, record)

    def node(self, name: str, kind: type[NodeKind]) -> NodeKind | None:
        """The record of a node, if it is of this kind; else None."""
        record = self.get((name,))
        return record if isinstance(record, kind) else None

    def nodes(self, kind: type[NodeKind]) -> Iterator[tuple[str, NodeKind]]:
        """Yield all nodes of a kind, sorted by name."""
        for name in sorted(self._kinds.get(kind, ())):
            yield name, self.networkx.nodes[name]["record"]

    def edges(self, name: str) -> list[tuple[Slot, Path | Relation]]:
        """Edges from and to a node, sorted by slot."""
        return [(slot, self.networkx.edges[slot]["record"]) for slot in self._edges_of(name)]

    def count(self, kind: type[Node]) -> int:
        """Number of nodes of a kind."""
        return len(self._kinds.get(kind, ()))

    def records(self) -> Iterator[tuple[Slot, Record]]:
        """Yield all nodes, then all edges, sorted by slot."""
        for name in sorted(self.networkx):
            yield (name,), self.networkx.nodes[name]["record"]
        for slot in sorted(self.networkx.edges(keys=True)):
            yield slot, self.networkx.edges[slot]["record"]

    def near(
        self, kind: type[NodeKind], point: tuple[float, float], radius: float
    ) -> list[tuple[str, NodeKind]]:
        """Nodes of a kind within a horizontal radius (metres), sorted by name.

        Objects that are gone are left out.
        """
        x, y = point
        low = [math.floor((one - radius) / CELL) for one in point]
        high = [math.floor((one + radius) / CELL) for one in point]
        names: list[str] = []
        for i in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                names += self._cells.get((kind, i, j), ())
        found = [(name, self.networkx.nodes[name]["record"]) for name in sorted(names)]
        return [
            (name, one)
            for name, one in found
            if math.hypot(one.position[0] - x, one.position[1] - y) <= radius
        ]

    def with_word(self, word: str) -> list[tuple[str, Object]]:
        """Objects of a canonical word, sorted by name; also those that are gone."""
        return [
            (name, self.networkx.nodes[name]["record"])
            for name in sorted(self._words.get(word, ()))
        ]

    def words(self) -> Mapping[str, set[str]]:
        """Names of objects by canonical word."""
        return self._words

    def neighbours(self, name: str) -> Iterator[tuple[str, Path]]:
        """Yield the places that a path joins with a place."""
        for other in sorted(self.networkx.adj[name]):
            data = self.networkx.adj[name][other].get("path")
            if data is not None:
                yield other, data["record"]

    def _edges_of(self, name: str) -> list[Slot]:
        out = self.networkx.out_edges(name, keys=True)
        return sorted({*out, *self.networkx.in_edges(name, keys=True)})

    def _write(self, slot: Slot, record: Record | None) -> None:
        old = self.get(slot)
        if isinstance(old, Place) and isinstance(record, Place):
            self.votes_revision += old.votes != record.votes
        elif isinstance(old or record, (Place, Path)):
            self.topology_revision += 1
        if len(slot) == 1:
            self._index(slot[0], old, present=False)
            self._index(slot[0], record, present=True)
            if record is None:
                self.networkx.remove_node(slot[0])
            else:
                self.networkx.add_node(slot[0], record=record)
        elif record is None:
            self.networkx.remove_edge(*slot)
        else:
            self.networkx.add_edge(*slot, record=record)

    def _index(self, name: str, record: Any, *, present: bool) -> None:
        if record is None:
            return
        sets: list[tuple[dict[Any, set[str]], Any]] = [(self._kinds, type(record))]
        if isinstance(record, Object):
            sets.append((self._words, record.word))
        if isinstance(record, Place) or (isinstance(record, Object) and not record.gone):
            x, y = (math.floor(one / CELL) for one in record.position[:2])
            sets.append((self._cells, (type(record), x, y)))
        for index, key in sets:
            if present:
                index.setdefault(key, set()).add(name)
            else:
                index[key].discard(name)
                if not index[key]:
                    del index[key]
