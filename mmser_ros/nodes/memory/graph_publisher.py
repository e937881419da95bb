# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene graph as a stream of messages: full graphs and deltas."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import networkx as nx
from std_msgs.msg import Header

from mmser_ros.msg import SceneEdge, SceneGraph
from mmser_ros.nodes.common.scene_conversions import edge_to_message, node_to_message, stamp_of

DIGITS = {"probability": 2, "sigma": 2, "x": 3, "y": 3, "z": 3, "length": 3}
"""Decimals in messages, so that small decays of probabilities give no delta."""

Attributes = Mapping[str, Any]
Edge = tuple[str, str, str]


class SceneGraphStream:
    """Makes the messages of successive graphs. Thread-safe.

    The first message is a full graph. Deltas follow, and after `full_graph_interval` deltas the
    next full graph. A transient-local publisher with a depth of `full_graph_interval` + 1 therefore
    gives a late subscriber a full graph and all deltas after it.

    Args:
        stream: number of the stream; it differs for every run of the node.
        full_graph_interval: number of deltas between two full graphs.
    """

    def __init__(self, stream: int, full_graph_interval: int) -> None:
        self._stream, self._full_graph_interval = stream, full_graph_interval
        self._lock = threading.Lock()
        self._about: Attributes = {}
        self._nodes: dict[str, Attributes] = {}
        self._edges: dict[Edge, Attributes] = {}
        self._sequence = 0
        self._deltas: int | None = None

    def update(self, exported_graph: nx.MultiDiGraph) -> SceneGraph | None:
        """Make the message from the last graph to this one; None if nothing changed.

        Args:
            exported_graph: from `SceneMemory.graph()`.
        """
        nodes = {name: _rounded(attributes) for name, attributes in exported_graph.nodes(data=True)}
        edges = {
            (source, target, key): _rounded(attributes)
            for source, target, key, attributes in exported_graph.edges(keys=True, data=True)
        }
        with self._lock:
            about = exported_graph.graph
            same_map = all(self._about.get(one) == about[one] for one in ("map_id", "stale"))
            old_nodes, old_edges = self._nodes, self._edges
            self._about, self._nodes, self._edges = about, nodes, edges
            if self._deltas is None or self._deltas >= self._full_graph_interval or not same_map:
                self._sequence += 1
                self._deltas = 0
                return self._full()
            delta = self._delta(old_nodes, old_edges)
            if delta is not None:
                self._sequence += 1
                self._deltas += 1
                delta.sequence = self._sequence
            return delta

    def full(self) -> SceneGraph | None:
        """The full graph at the last message; None before the first update."""
        with self._lock:
            return None if self._deltas is None else self._full()

    def restart(self) -> None:
        """Make the next message a full graph."""
        with self._lock:
            self._deltas = None if self._deltas is None else self._full_graph_interval

    def _full(self) -> SceneGraph:
        message = self._message(self._nodes, self._edges)
        message.full = True
        message.sequence = self._sequence
        return message

    def _delta(
        self, nodes: dict[str, Attributes], edges: dict[Edge, Attributes]
    ) -> SceneGraph | None:
        new_nodes = {key: one for key, one in self._nodes.items() if nodes.get(key) != one}
        new_edges = {key: one for key, one in self._edges.items() if edges.get(key) != one}
        gone_nodes = sorted(nodes.keys() - self._nodes.keys())
        gone_edges = sorted(edges.keys() - self._edges.keys())
        if not (new_nodes or new_edges or gone_nodes or gone_edges):
            return None
        message = self._message(new_nodes, new_edges)
        message.removed_nodes = gone_nodes
        message.removed_edges = [
            SceneEdge(source=source, target=target, predicate=key)
            for source, target, key in gone_edges
        ]
        return message

    def _message(
        self, nodes: Mapping[str, Attributes], edges: Mapping[Edge, Attributes]
    ) -> SceneGraph:
        about = self._about
        return SceneGraph(
            header=Header(stamp=stamp_of(about["stamp"]), frame_id=about["frame"]),
            map_id=about["map_id"],
            stale=about["stale"],
            stream=self._stream,
            nodes=[node_to_message(*one) for one in sorted(nodes.items(), key=itemgetter(0))],
            edges=[edge_to_message(*one) for one in sorted(edges.items(), key=itemgetter(0))],
        )


def _rounded(attributes: Attributes) -> Attributes:
    return {
        key: round(value, DIGITS[key]) if key in DIGITS else value
        for key, value in attributes.items()
    }
