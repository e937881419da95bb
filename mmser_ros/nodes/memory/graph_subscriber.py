# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene graph at the other end: put together again, whatever was lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from mmser_ros.msg import SceneEdge, SceneGraph, SceneNode
from mmser_ros.srv import GetSceneGraph

WAITING = 1000
"""Deltas that are kept while a full graph is on its way."""


class GraphReceiver:
    """Puts full graphs and deltas together. Thread-safe.

    Args:
        ask: called where a message is missing; whatever comes of it goes to `take`.

    Attributes:
        nodes: by id.
        edges: by source, target and predicate.
        map_id: of the graph.
        stale: of another map than the robot is in.
        sequence: of the last message that is in `nodes` and `edges`, None before the first one.
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
        """Take a message of the topic, or the answer of ~/get_graph; repeats do no harm."""
        with self._lock:
            if not message.full:
                self._waiting[message.stream, message.sequence] = message
            else:  # what waits of another stream is of a node that is gone
                waiting = self._waiting.items()
                self._waiting = {key: one for key, one in waiting if key[0] == message.stream}
                if message.stream != self._stream or message.sequence >= (self.sequence or 0):
                    self._begin(message)
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
            if self._waiting:  # for one that is missing
                self._ask()

    def _begin(self, full: SceneGraph) -> None:
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
    """A receiver with its subscription and its client: the graph of a memory_node, kept up to date.

        listener = SceneGraphListener(node)
        …
        mugs = [one for one in listener.nodes.values() if one.label == "mug"]

    Args:
        node: that spins.
        topic: of the graph.
        service: ~/get_graph of the memory_node.
        depth: messages the middleware may keep for us.
    """

    def __init__(
        self,
        node: Node,
        topic: str = "scene_graph",
        service: str = "memory_node/get_graph",
        depth: int = 100,
    ) -> None:
        super().__init__(self._call)
        self._client = node.create_client(GetSceneGraph, service)
        self._answer: Any = None
        qos = QoSProfile(
            depth=depth,
            reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
        )
        self._subscription = node.create_subscription(SceneGraph, topic, self.take, qos)

    def _call(self) -> None:
        if self._answer is None and self._client.service_is_ready():  # else with the next message
            self._answer = self._client.call_async(GetSceneGraph.Request())
            self._answer.add_done_callback(self._take_answer)

    def _take_answer(self, future: Any) -> None:
        self._answer = None
        if future.result() is not None and future.result().success:
            self.take(future.result().graph)


def _ends(edge: SceneEdge) -> tuple[str, str, str]:
    return edge.source, edge.target, edge.predicate
