# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The outputs of memory_node: the graph, markers, and the costmap mask."""

from __future__ import annotations

from time import time_ns
from typing import Any

import networkx as nx
from nav_msgs.msg import OccupancyGrid
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile
from visualization_msgs.msg import MarkerArray

from mmser_ros.msg import SceneGraph
from mmser_ros.nodes.memory.costmap_mask import MaskRule, semantic_mask, split_classes
from mmser_ros.nodes.memory.driven_cells import DrivenCells
from mmser_ros.nodes.memory.graph_publisher import SceneGraphStream
from mmser_ros.nodes.memory.markers import scene_markers


class GraphOutputs:
    """Publishes scene_graph, scene_markers and semantic_mask, transient local."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        full_graph_interval = self._get("full_graph_interval")
        self.stream = SceneGraphStream(time_ns(), full_graph_interval)
        kept, last = (
            QoSProfile(depth=depth, durability=DurabilityPolicy.TRANSIENT_LOCAL)
            for depth in (full_graph_interval + 1, 1)
        )
        self._graph = node.create_lifecycle_publisher(SceneGraph, "scene_graph", kept)
        self._markers = node.create_lifecycle_publisher(MarkerArray, "scene_markers", last)
        self._mask = node.create_lifecycle_publisher(OccupancyGrid, "semantic_mask", last)
        self._watchers = 0
        self._driven = DrivenCells()
        self._masked = self._mask_rule()

    def publish(self, exported_graph: nx.MultiDiGraph | None) -> None:
        """Publish the changes.

        Args:
            exported_graph: from `SceneMemory.graph()`; None: the graph has not changed.
        """
        message = self.stream.update(exported_graph) if exported_graph is not None else None
        if message is not None:
            self._graph.publish(message)
            self._driven.add(message)
        watchers = self._markers.get_subscription_count() if self._get("markers") else 0
        draw = watchers > 0 and (message is not None or watchers > self._watchers)
        self._watchers = watchers
        asked = self._mask_rule()
        mask = asked != self._masked or (bool(asked.classes) and message is not None)
        full = self.stream.full() if draw or mask else None
        if full is not None and draw:
            self._markers.publish(scene_markers(full))
        if full is not None and mask:
            self._mask.publish(semantic_mask(full, asked, self._driven))
            self._masked = asked

    def close(self) -> None:
        """Close the topics."""
        for one in (self._graph, self._markers, self._mask):
            self._node.destroy_lifecycle_publisher(one)

    def _mask_rule(self) -> MaskRule:
        return MaskRule(
            split_classes(self._get("mask_classes")),
            self._get("mask_radius"),
            self._get("mask_probability"),
            self._get("mask_resolution"),
            self._get("robot_radius"),
        )

    def _get(self, name: str) -> Any:
        return self._node.get_parameter(name).value
