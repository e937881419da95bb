# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Doors, door frames and windows as parts."""

from __future__ import annotations

from mmser_ros.simulation.home.floor_plan import DOOR, WALL, FloorPlan, Opening
from mmser_ros.simulation.home.shapes import Part, Vector

TRIM = 0.07
"""Width of a frame, in metres."""


def opening_parts(plan: FloorPlan, opening: Opening, wood: str) -> list[tuple[str, list[Part]]]:
    """Objects (name, parts) of an opening: a door, a window, or none for a passage."""
    if opening.kind == "window":
        return [("window", _window(plan, opening, wood))]
    if opening.kind == "door":
        return [("door", [*_frame(opening, wood, 4 * WALL - 0.08), *_leaf(plan, opening, wood)])]
    return []


def _box(
    opening: Opening, along: float, across: float, z: float, size: Vector, material: str
) -> Part:
    """A box by its place along and across the wall, and its size (along, across, up)."""
    if opening.along_x:
        return Part("box", (along, opening.line + across, z), size, material)
    return Part("box", (opening.line + across, along, z), (size[1], size[0], size[2]), material)


def _frame(opening: Opening, wood: str, deep: float) -> list[Part]:
    low, high, top = opening.low, opening.high, opening.top
    parts = [
        _box(opening, at, 0, top / 2, (TRIM, deep, top), wood)
        for at in (low - TRIM / 2 + 0.02, high + TRIM / 2 - 0.02)
    ]
    lintel = (high - low + 2 * TRIM - 0.04, deep, TRIM)
    return [*parts, _box(opening, (low + high) / 2, 0, top + TRIM / 2 - 0.02, lintel, wood)]


def _leaf(plan: FloorPlan, opening: Opening, wood: str) -> list[Part]:
    """A door that stands open at a right angle, into its second room."""
    room = plan.rooms[opening.rooms[1]]
    low = room.y0 if opening.along_x else room.x0
    into = 1 if abs(low - opening.line) < WALL else -1
    wide, high = DOOR - 0.09, opening.top - 0.06
    across, hinge = into * (WALL + wide / 2), opening.low + 0.03
    parts = [_box(opening, hinge, across, high / 2 + 0.01, (0.04, wide, high), wood)]
    for z in (0.55, 1.45):
        parts.append(_box(opening, hinge + 0.012, across, z, (0.03, wide - 0.24, 0.7), wood))
    grip = into * (WALL + wide - 0.08)
    parts.append(_box(opening, hinge + 0.045, grip, 1.0, (0.05, 0.1, 0.025), "metal/silver"))
    return parts


def _window(plan: FloorPlan, opening: Opening, wood: str) -> list[Part]:
    """A frame with a crossbar, a sill, and the light outside."""
    room = plan.rooms[opening.rooms[0]]
    low_side = room.y0 if opening.along_x else room.x0
    inward = 1 if abs(low_side - opening.line) < WALL else -1
    wide, high = opening.high - opening.low, opening.top - opening.bottom
    middle, z = (opening.low + opening.high) / 2, (opening.bottom + opening.top) / 2
    deep, across = 0.05, inward * WALL * 0.6
    bar = 0.045
    parts = [
        _box(opening, middle, 0.01 * inward, z, (wide, 0.02, high), "outdoors/sky"),
        _box(
            opening,
            middle,
            0.014 * inward,
            opening.bottom + high * 0.14,
            (wide, 0.02, high * 0.28),
            "outdoors/meadow",
        ),
    ]
    for at in (opening.low + bar / 2, opening.high - bar / 2, middle):
        parts.append(_box(opening, at, across, z, (bar, deep, high), wood))
    for at in (opening.bottom + bar / 2, opening.top - bar / 2):
        parts.append(_box(opening, middle, across, at, (wide, deep, bar), wood))
    sill = _box(
        opening,
        middle,
        inward * (WALL + 0.04),
        opening.bottom - 0.015,
        (wide + 0.1, 0.12, 0.03),
        wood,
    )
    return [*parts, sill]
