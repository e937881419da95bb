# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Receives the scene graph from full graphs and deltas, also if messages are lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from mmser_ros.msg import SceneEdge, SceneGraph, SceneNode
from mmser_ros.srv import GetSceneGraph

WAITING = 1000
"""Maximum deltas that are kept while a full graph is missing."""


class GraphReceiver:
    """Combines full graphs and deltas. Thread-safe.

    Args:
        ask: called if a message is missing; it requests a full graph, which goes to `take`.

    Attributes:
        nodes: by id.
        edges: by source, target and predicate.
        map_id: of the graph.
        stale: the robot is in another map.
        sequence: of the last applied message; None before the first one.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = threading.RLock()
        self._stream = 0
        self._waiting: dict[tuple[int, int], SceneGraph] = {}
        self.nodes: dict[str, SceneNode] = {}
        self.edges: dict[tuple[str, str, str], SceneEdge] = {}
        self.map_id, self.stale = "", False
        self.sequence: int | None = None

    def take(self, message: SceneGraph) -> None:
        """Take a message of the topic or the result of ~/get_graph; duplicates are ignored."""
        with self._lock:
            if not message.full:
                self._waiting[message.stream, message.sequence] = message
            else:  # deltas of another stream are from a node that has ended
                waiting = self._waiting.items()
                self._waiting = {key: one for key, one in waiting if key[0] == message.stream}
                if message.stream != self._stream or message.sequence >= (self.sequence or 0):
                    self._replace(message)
            while self.sequence is not None:
                delta = self._waiting.pop((self._stream, self.sequence + 1), None)
                if delta is None:
                    break
                self._apply(delta)
            for stream, at in list(self._waiting):
                if stream == self._stream and at <= (self.sequence or 0):
                    del self._waiting[stream, at]
            if len(self._waiting) > WAITING:
                del self._waiting[next(iter(self._waiting))]
            if self._waiting:  # a message before these is missing
                self._ask()

    def _replace(self, full: SceneGraph) -> None:
        self._stream, self.sequence = full.stream, full.sequence
        self.map_id, self.stale = full.map_id, full.stale
        self.nodes = {one.id: one for one in full.nodes}
        self.edges = {_ends(one): one for one in full.edges}

    def _apply(self, delta: SceneGraph) -> None:
        self.nodes.update((one.id, one) for one in delta.nodes)
        self.edges.update((_ends(one), one) for one in delta.edges)
        for name in delta.removed_nodes:
            self.nodes.pop(name, None)
        for edge in delta.removed_edges:
            self.edges.pop(_ends(edge), None)
        self.sequence = delta.sequence


class SceneGraphListener(GraphReceiver):
    """The current scene graph of a memory_node, by a subscription and a service client.

        listener = SceneGraphListener(node)
        …
        mugs = [one for one in listener.nodes.values() if one.label == "mug"]

    Args:
        node: to subscribe with; it must be spun.
        topic: of the graph.
        service: ~/get_graph of the memory_node.
        depth: of the subscription's queue.
    """

    def __init__(
        self,
        node: Node,
        topic: str = "scene_graph",
        service: str = "memory_node/get_graph",
        depth: int = 100,
    ) -> None:
        super().__init__(self._call)
        self._node = node
        self._client = node.create_client(GetSceneGraph, service)
        self._answer: Any = None
        qos = QoSProfile(
            depth=depth,
            reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
        )
        self._subscription = node.create_subscription(SceneGraph, topic, self.take, qos)

    def close(self) -> None:
        """Close the subscription and the client."""
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_client(self._client)

    def _call(self) -> None:
        if self._answer is None and self._client.service_is_ready():  # else at the next message
            self._answer = self._client.call_async(GetSceneGraph.Request())
            self._answer.add_done_callback(self._take_answer)

    def _take_answer(self, future: Any) -> None:
        self._answer = None
        if future.result() is not None and future.result().success:
            self.take(future.result().graph)


def _ends(edge: SceneEdge) -> tuple[str, str, str]:
    return edge.source, edge.target, edge.predicate
