# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the drawn map and the page of a scene memory share: outlines of rooms, and colours."""

from __future__ import annotations

import cv2
import networkx as nx
import numpy as np

REACH = 1.0
"""Metres that a room is drawn to reach beyond what is known to be in it."""
CELL, CELLS = 0.025, 1200
"""Metres across a cell that outlines are found on, unless a side took more cells than that."""
SMOOTHING = 8.0
"""Cells: standard deviation of the blur that rounds outlines."""
STEPS = range(-4, 5)
"""Cells along an outline that each of its corners is the mean of, so that none shows its cells."""
KIND_COLOURS = {
    "object": "#d1495b",
    "furniture": "#a0692f",
    "fixture": "#1f7a8c",
    "person": "#7b2cbf",
    "animal": "#e07a1f",
    "vehicle": "#3a7d44",
    "place": "#6c757d",
}
"""Of things, by their kind in the lexicon."""
ROOM_COLOURS = (
    *("#8ecae6", "#ffc971", "#a7c957", "#f4978e", "#cdb4db", "#80ced7", "#e9c46a", "#b5c99a"),
    *("#f2b5d4", "#9fa8da"),
)
NO_COLOUR = "#adb5bd"
"""Of rooms that no caption named."""


def room_colours(plain: nx.MultiDiGraph) -> dict[str, str]:
    """Colours of rooms, by the room's name: one colour for one label."""
    nodes = plain.nodes(data=True)
    labels = {name: data["label"] for name, data in nodes if data["layer"] == "room"}
    known = sorted(set(labels.values()) - {""})
    palette = {label: ROOM_COLOURS[i % len(ROOM_COLOURS)] for i, label in enumerate(known)}
    return {name: palette.get(label, NO_COLOUR) for name, label in labels.items()}


def room_outlines(plain: nx.MultiDiGraph) -> dict[str, list[np.ndarray]]:
    """Where rooms are, as far as is known: closed polygons by the room's name.

    What is within REACH of a room's places and things, and nearer to them than to those of other
    rooms, is drawn as that room.

    Args:
        plain: of `SceneMemory.graph`.

    Returns:
        Of each room one or more (corners, 2) arrays of x and y, in metres.
    """
    held = [(source, target) for source, target, key in plain.edges(keys=True) if key == "contains"]
    owner = {place: room for room, place in held if plain.nodes[room]["layer"] == "room"}
    owner |= {thing: owner[place] for place, thing in held if place in owner}
    if not owner:
        return {}
    points = np.array([[plain.nodes[name][axis] for axis in "xy"] for name in owner])
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
