# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Routes over the places where robots have driven."""

from __future__ import annotations

import math
from itertools import pairwise

import networkx as nx

from mmser_ros.core.types import Pose
from mmser_ros.memory.graph.records import Place, Vector
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.results import Origin, Route

ROUTE_REACH = 3.0
"""Maximum distance (metres) from the start or the goal to the nearest place of a route."""


def plan_route(graph: SceneGraph, start: Pose, goal: Pose, origin: Origin) -> Route | None:
    """The shortest route from a start to a goal over places; None if there is none."""
    ends = [_nearest_place(graph, one.position) for one in (start, goal)]
    if ends[0] is None or ends[1] is None:
        return None
    try:
        places = nx.dijkstra_path(graph.networkx, ends[0], ends[1], weight=_length)
    except nx.NetworkXNoPath:
        return None
    records = [graph.node(one, Place) for one in places]
    inner = [one.position for one in records[1:-1] if one is not None]
    legs = list(pairwise([start.position, *inner, goal.position]))
    poses = tuple(facing(a, b) for a, b in legs)
    return Route((*poses, goal), sum(math.dist(a, b) for a, b in legs), origin)


def facing(position: Vector, target: Vector) -> Pose:
    """The pose at a position with the heading towards a target, both in metres."""
    turn = math.atan2(target[1] - position[1], target[0] - position[0])
    return Pose(position, (0.0, 0.0, math.sin(turn / 2), math.cos(turn / 2)))


def _nearest_place(graph: SceneGraph, position: Vector) -> str | None:
    places = graph.near(Place, position[:2], ROUTE_REACH)
    ranked = [(math.dist(one.position, position), name) for name, one in places]
    return min(ranked)[1] if ranked else None


def _length(_source: str, _target: str, edges: dict) -> float | None:
    data = edges.get("path")
    return None if data is None else data["record"].length
