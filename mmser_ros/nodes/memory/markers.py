# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene graph as markers, for RViz and similar programs."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from geometry_msgs.msg import Point, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from mmser_ros.memory.export import STRUCTURE
from mmser_ros.msg import SceneGraph, SceneNode

TEXT, LINE, DOT = 0.15, 0.02, 0.12
"""Text height, line width and diameter of places, in metres."""
SMALLEST = 0.1
"""Minimum diameter (metres) of an object."""
PATH_COLOUR, EDGE_COLOUR, TEXT_COLOUR = (0.4, 0.4, 0.9, 0.8), (0.9, 0.7, 0.2, 0.8), (1.0,) * 4
ROBOT_COLOUR = (0.9, 0.2, 0.2, 1.0)
COLOURS = ((0.2, 0.7, 0.3), (0.2, 0.6, 0.8), (0.8, 0.4, 0.6), (0.7, 0.7, 0.2), (0.5, 0.4, 0.8))
"""Colours of objects, chosen by their word."""


def scene_markers(graph: SceneGraph) -> MarkerArray:
    """Make the markers of a full graph; the first marker deletes all earlier ones.

    An object is a sphere: its diameter is twice the standard deviation of the position, its alpha
    is the probability. Places are dots, joined by paths. Rooms are labels above their centre.
    """
    header = Header(frame_id=graph.header.frame_id)  # without a stamp: at the newest transform
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    where = {node.id: node.position for node in graph.nodes}

    def add(
        layer: str, kind: int, colour: Iterable[float], size: float, **fields: object
    ) -> Marker:
        marker = Marker(header=header, ns=layer, id=len(markers), type=kind, **fields)
        marker.scale = Vector3(x=size, y=size, z=size)
        marker.color = ColorRGBA(**dict(zip("rgba", map(float, colour), strict=True)))
        marker.pose.orientation.w = 1.0
        markers.append(marker)
        return marker

    def write(node: SceneNode, text: str, above: float) -> None:
        marker = add(f"{node.layer}s: names", Marker.TEXT_VIEW_FACING, TEXT_COLOUR, TEXT, text=text)
        at = node.position
        marker.pose.position = Point(x=at.x, y=at.y, z=at.z + above)

    places = [node for node in graph.nodes if node.layer == "place"]
    if places:
        dots = [node.position for node in places]
        add("places", Marker.SPHERE_LIST, PATH_COLOUR, DOT, points=dots)
    for name, colour, edges in (
        ("paths", PATH_COLOUR, [one for one in graph.edges if one.predicate == "path"]),
        ("relations", EDGE_COLOUR, [one for one in graph.edges if one.predicate not in STRUCTURE]),
    ):
        if edges:
            ends = [where[end] for edge in edges for end in (edge.source, edge.target)]
            add(name, Marker.LINE_LIST, colour, LINE, points=ends)
    for node in graph.nodes:
        if node.layer == "object":
            colour = (*COLOURS[crc32(node.label.encode()) % len(COLOURS)], node.probability)
            size = max(SMALLEST, 2 * node.sigma)
            add("objects", Marker.SPHERE, colour, size).pose.position = node.position
            write(node, " ".join([*node.attributes[:1], node.label]), size / 2 + TEXT)
        elif node.layer == "robot":
            add("robots", Marker.CUBE, ROBOT_COLOUR, 2 * DOT).pose.position = node.position
            write(node, node.label, DOT + TEXT)
        elif node.layer == "room" and node.label:
            write(node, node.label, 10 * TEXT)
    return MarkerArray(markers=markers)
