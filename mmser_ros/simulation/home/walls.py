# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Walls of a room with holes for its openings, and skirting boards."""

from __future__ import annotations

from mmser_ros.simulation.home.floor_plan import HEIGHT, WALL, FloorPlan, Opening
from mmser_ros.simulation.home.shapes import Part

SKIRTING = "paint/white"
SKIRTING_HEIGHT = 0.08


def wall_parts(plan: FloorPlan, number: int, material: str) -> list[Part]:
    """The walls of a room, inside its rectangle; the z axis of each part is the wall's normal."""
    room = plan.rooms[number]
    parts = []
    for along_x, line, low, high, inward in (
        (True, room.y0, room.x0, room.x1, 1),
        (True, room.y1, room.x0, room.x1, -1),
        (False, room.x0, room.y0, room.y1, 1),
        (False, room.x1, room.y0, room.y1, -1),
    ):
        holes = sorted(
            (
                one
                for one in plan.openings_of(number)
                if one.along_x == along_x and one.line == line
            ),
            key=lambda one: one.low,
        )
        middle = line + inward * WALL / 2
        for a, b, bottom, top in _pieces(low, high, holes):
            parts.append(_piece(along_x, middle, (a, b, bottom, top), WALL, material))
            if bottom == 0:
                face = line + inward * (WALL + 0.006)
                board = (a, b, 0.0, SKIRTING_HEIGHT)
                parts.append(_piece(along_x, face, board, 0.012, SKIRTING))
    return parts


def _pieces(
    low: float, high: float, holes: list[Opening]
) -> list[tuple[float, float, float, float]]:
    """(from, to, bottom, top) of the solid rectangles of a wall."""
    pieces, start = [], low
    for hole in holes:
        pieces.append((start, hole.low, 0.0, HEIGHT))
        if hole.bottom > 0:
            pieces.append((hole.low, hole.high, 0.0, hole.bottom))
        pieces.append((hole.low, hole.high, hole.top, HEIGHT))
        start = hole.high
    return [*pieces, (start, high, 0.0, HEIGHT)]


def _piece(
    along_x: bool,
    line: float,
    piece: tuple[float, float, float, float],
    thick: float,
    material: str,
) -> Part:
    a, b, bottom, top = piece
    size = (b - a, top - bottom, thick)
    if along_x:
        return Part("box", ((a + b) / 2, line, (bottom + top) / 2), size, material, (90, 0, 0))
    return Part("box", (line, (a + b) / 2, (bottom + top) / 2), size, material, (90, 0, 90))
