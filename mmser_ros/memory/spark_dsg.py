# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene graph as the JSON of Spark-DSG, which Hydra and its tools read."""

from __future__ import annotations

from itertools import count
from typing import Any

import networkx as nx

VERSION = {"major": 1, "minor": 1, "patch": 3}
"""Version of the format: that of spark_dsg 1.1.3."""
LAYERS = {"object": ("O", 2, "Object"), "place": ("p", 3, "Place"), "room": ("R", 4, "Room")}
"""By our layer: letter of the node symbols, layer in Spark-DSG, and type of its attributes."""
LAYER_NAMES = ("OBJECTS", "AGENTS", "PLACES", "ROOMS", "BUILDINGS")
NO_LABEL = 0xFFFFFFFF
LETTER_BITS = 56
"""Bits of the number in a node symbol; the letter is in the bits above."""
IDENTITY = {"w": 1.0, "x": 0.0, "y": 0.0, "z": 0.0}
SPECIFIC: dict[str, dict[str, Any]] = {
    "object": {"mesh_connections": [], "registered": False, "world_R_object": IDENTITY},
    "place": {
        **{"active_frontier": False, "anti_frontier": False, "need_cleanup": False},
        **{"real_place": True, "distance": 0.0, "orientation": IDENTITY},
        **{"num_basis_points": 0, "num_frontier_voxels": 0, "frontier_scale": [0.0, 0.0, 0.0]},
        **{"deformation_connections": [], "mesh_vertex_labels": []},
        **{"pcl_mesh_connections": [], "voxblox_mesh_connections": []},
    },
    "room": {"semantic_class_probabilities": {}},
}
"""Required attributes of each layer, beside those of all layers."""


def spark_dsg_document(exported: nx.MultiDiGraph) -> dict[str, Any]:
    """Convert the graph of `SceneMemory.graph` to a document that spark_dsg loads.

    Objects have places as parents, and places have rooms. The metadata of a node has all its
    attributes, the metadata of an edge the relations. Robots are left out: Spark-DSG stores agents
    as trajectories.
    """
    numbers = {letter: count() for letter, _, _ in LAYERS.values()}
    symbols: dict[str, int] = {}
    nodes = []
    for name, data in sorted(exported.nodes(data=True)):
        if data["layer"] in LAYERS:
            letter, layer, _ = LAYERS[data["layer"]]
            symbols[name] = (ord(letter) << LETTER_BITS) + next(numbers[letter])
            node = {"id": symbols[name], "layer": layer, "partition": 0}
            nodes.append({**node, "attributes": _attributes(name, data)})
    edges: dict[tuple[int, int], dict[str, Any]] = {}
    ordered = sorted(exported.edges(keys=True, data=True), key=lambda edge: edge[:3])
    for source, target, key, data in ordered:
        if source not in symbols or target not in symbols:
            continue
        first, second = symbols[source], symbols[target]
        ends = (second, first) if (second, first) in edges else (first, second)
        info = edges.setdefault(ends, {})
        if key == "path":
            info["length"] = data["length"]
        elif key != "contains":
            info.setdefault("relations", []).append({"subject": source, "predicate": key, **data})
    return {
        "SPARK_DSG_header": {"project_name": "main", "version": VERSION},
        "directed": False,
        "multigraph": False,
        "layer_keys": [{"layer": layer, "partition": 0} for layer in (2, 3, 4, 5)],
        "layer_names": {
            name: {"layer": layer, "partition": 0}
            for name, layer in zip(LAYER_NAMES, (2, 2, 3, 4, 5), strict=True)
        },
        "metadata": dict(exported.graph),
        "nodes": nodes,
        "edges": [
            {"source": source, "target": target, "info": _edge(info)}
            for (source, target), info in edges.items()
        ],
    }


def _edge(info: dict[str, Any]) -> dict[str, Any]:
    weight = {"weight": info.get("length", 1.0), "weighted": "length" in info}
    return {"type": "EdgeAttributes", "metadata": info, **weight}


def _attributes(name: str, data: dict[str, Any]) -> dict[str, Any]:
    position = [data["x"], data["y"], data["z"]]
    box = {"type": "INVALID", "dimensions": [0.0, 0.0, 0.0], "world_P_center": [0.0, 0.0, 0.0]}
    return {
        "type": f"{LAYERS[data['layer']][2]}NodeAttributes",
        "name": data["label"],
        "position": position,
        "last_update_time_ns": data.get("last_seen", 0),
        "is_active": False,
        "is_predicted": False,
        "bounding_box": {**box, "world_R_center": IDENTITY},
        "color": {"r": 0, "g": 0, "b": 0, "a": 255},
        "semantic_label": NO_LABEL,
        "semantic_feature": {"rows": 0, "cols": 0, "data": None},
        "metadata": {"name": name, **data},
        **SPECIFIC[data["layer"]],
    }
