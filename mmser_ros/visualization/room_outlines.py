# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Outlines of rooms and colours, for the map and the page of a scene memory."""

from __future__ import annotations

import cv2
import networkx as nx
import numpy as np

REACH = 1.0
"""Metres that an outline extends beyond the places and objects of a room."""
CELL, CELLS = 0.025, 1200
"""Width of a grid cell in metres, and maximum cells of a side."""
SMOOTHING = 8.0
"""Standard deviation (cells) of the blur that smooths outlines."""
STEPS = range(-4, 5)
"""Neighbours of an outline point that are averaged, to hide the grid."""
KIND_COLOURS = {
    "object": "#d1495b",
    "furniture": "#a0692f",
    "fixture": "#1f7a8c",
    "person": "#7b2cbf",
    "animal": "#e07a1f",
    "vehicle": "#3a7d44",
    "place": "#6c757d",
}
"""Colours of objects, by kind."""
ROOM_COLOURS = (
    *("#8ecae6", "#ffc971", "#a7c957", "#f4978e", "#cdb4db", "#80ced7", "#e9c46a", "#b5c99a"),
    *("#f2b5d4", "#9fa8da"),
)
NO_COLOUR = "#adb5bd"
"""Colour of rooms without a label."""


def room_colours(exported_graph: nx.MultiDiGraph) -> dict[str, str]:
    """Colours of rooms by name; rooms with the same label have the same colour."""
    nodes = exported_graph.nodes(data=True)
    labels = {name: data["label"] for name, data in nodes if data["layer"] == "room"}
    known = sorted(set(labels.values()) - {""})
    palette = {label: ROOM_COLOURS[i % len(ROOM_COLOURS)] for i, label in enumerate(known)}
    return {name: palette.get(label, NO_COLOUR) for name, label in labels.items()}


def room_outlines(exported_graph: nx.MultiDiGraph) -> dict[str, list[np.ndarray]]:
    """Outlines of rooms: closed polygons by the name of the room.

    A point belongs to the room of the nearest place or object, if that is within REACH.

    Args:
        exported_graph: from `SceneMemory.graph`.

    Returns:
        For each room one or more (corners, 2) arrays of x and y, in metres.
    """
    held = [
        (source, target)
        for source, target, key in exported_graph.edges(keys=True)
        if key == "contains"
    ]
    owner = {place: room for room, place in held if exported_graph.nodes[room]["layer"] == "room"}
    owner |= {obj: owner[place] for place, obj in held if place in owner}
    if not owner:
        return {}
    points = np.array([[exported_graph.nodes[name][axis] for axis in "xy"] for name in owner])
    low = points.min(0) - 2 * REACH
    span = points.max(0) + 2 * REACH - low
    cell = max(CELL, float(span.max()) / CELLS)
    columns, rows = (span / cell).astype(int) + 1
    x, y = ((points - low) / cell).astype(int).T
    empty = np.ones((rows, columns), np.uint8)
    empty[y, x] = 0
    far, nearest = cv2.distanceTransformWithLabels(
        empty, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    names = sorted(set(owner.values()))
    number_of = np.zeros(int(nearest.max()) + 1, int)
    number_of[nearest[y, x]] = [names.index(room) for room in owner.values()]
    rooms = np.where(far * cell <= REACH, number_of[nearest], -1)
    return {name: _outlines(rooms == i, low, cell) for i, name in enumerate(names)}


def _outlines(inside: np.ndarray, low: np.ndarray, cell: float) -> list[np.ndarray]:
    left, top, width, height = cv2.boundingRect(inside.astype(np.uint8))
    border = round(4 * SMOOTHING)
    window = inside[top : top + height, left : left + width].astype(np.float32)
    blurred = cv2.GaussianBlur(np.pad(window, border), (0, 0), SMOOTHING)
    half = blurred.round().astype(np.uint8)
    found, _ = cv2.findContours(half, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    corners = [np.mean([np.roll(one[:, 0], by, 0) for by in STEPS], 0) for one in found]
    corner = low + (np.array([left, top]) - border + 0.5) * cell
    return [corner + one[:: len(STEPS) // 2] * cell for one in corners]
