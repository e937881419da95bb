# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Designs of cabinets, shelves and appliances."""

from __future__ import annotations

from mmser_ros.simulation.home.designs.kinds import WOODS, Design, kind
from mmser_ros.simulation.home.designs.seats import legs
from mmser_ros.simulation.home.shapes import Part, box, cylinder, lathe

APPLIANCES = ("metal/white", "metal/silver", "metal/black")
BASIN = ((0.55, 0.0), (0.8, 0.1), (0.97, 0.7), (1.0, 1.0), (0.92, 0.97), (0.72, 0.25), (0.0, 0.15))


def fronts(
    width: float,
    y: float,
    low: float,
    high: float,
    columns: int,
    rows: int,
    material: str,
    knob: str,
) -> list[Part]:
    """Doors or drawers on the front face at `y`, each with a handle."""
    parts, wide, tall = [], width / columns, (high - low) / rows
    for column in range(columns):
        for row in range(rows):
            x, z = (column + 0.5) * wide - width / 2, low + row * tall
            parts.append(
                box((x, y - 0.008, z + 0.008), (wide - 0.016, 0.018, tall - 0.016), material)
            )
            if rows > 1 or columns == 1:
                grip, at = (min(0.16, wide / 3), 0.02, 0.018), (x, y - 0.028, z + tall / 2)
            else:
                inner = 1 if column < columns / 2 else -1
                grip, at = (0.018, 0.02, 0.14), (x + inner * wide * 0.4, y - 0.028, z + tall * 0.55)
            parts.append(box(at, grip, knob))
    return parts


@kind(*WOODS, front=0.4)
def nightstand(d: Design) -> list[Part]:
    """A small cabinet beside a bed."""
    width, depth, high = d.between(0.4, 0.5), d.between(0.36, 0.42), d.between(0.48, 0.6)
    foot = d.between(0.03, 0.16)
    return [
        *legs(width - 0.02, depth - 0.02, foot, d.main, 0.04),
        box((0, 0, foot), (width, depth, high - foot - 0.025), d.main),
        box((0, 0, high - 0.025), (width + 0.02, depth + 0.02, 0.025), d.main, surface=True),
        *fronts(width, -depth / 2, foot, high - 0.03, 1, d.count(1, 3), d.main, "metal/silver"),
    ]


@kind(*WOODS, front=0.6)
def wardrobe(d: Design) -> list[Part]:
    """Tall, with two or three doors."""
    doors = d.count(2, 3)
    width, depth, high = doors * d.between(0.42, 0.52), d.between(0.55, 0.62), d.between(1.9, 2.15)
    return [
        box((0, 0, 0), (width, depth, high), d.main),
        *fronts(
            width,
            -depth / 2,
            0.08,
            high - 0.03,
            doors,
            1,
            d.main,
            d.pick("metal/silver", "metal/black"),
        ),
    ]


@kind(*WOODS, front=0.5)
def dresser(d: Design) -> list[Part]:
    """Drawers in two or three columns."""
    width, depth, high = d.between(0.9, 1.3), d.between(0.42, 0.5), d.between(0.75, 0.95)
    return [
        *legs(width, depth, 0.1, d.main, 0.06),
        box((0, 0, 0.08), (width, depth, high - 0.105), d.main),
        box((0, 0, high - 0.025), (width + 0.03, depth + 0.02, 0.025), d.main, surface=True),
        *fronts(
            width,
            -depth / 2,
            0.1,
            high - 0.03,
            d.count(1, 3),
            d.count(3, 4),
            d.main,
            d.pick("metal/silver", "wood/black"),
        ),
    ]


@kind(*WOODS, front=0.5)
def bookshelf(d: Design) -> list[Part]:
    """Sides, boards and mostly a back."""
    width, depth, high = d.between(0.75, 1.1), d.between(0.28, 0.36), d.between(1.5, 2.05)
    boards, thick = d.count(4, 5), 0.025
    parts = [
        box((side * (width - thick) / 2, 0, 0), (thick, depth, high), d.main) for side in (-1, 1)
    ]
    if d.chance(0.75):
        parts.append(box((0, depth / 2 - 0.008, 0), (width, 0.016, high), d.main))
    for n in range(boards + 1):
        z = 0.05 + n * (high - 0.05 - thick) / boards
        parts.append(
            box((0, 0, z), (width - 0.01, depth - 0.01, thick), d.main, surface=n < boards)
        )
    return parts


@kind(*WOODS, front=0.6)
def cabinet(d: Design) -> list[Part]:
    """A sideboard."""
    width, depth, high = d.between(0.8, 1.4), d.between(0.38, 0.46), d.between(0.72, 0.95)
    return [
        *legs(width, depth, 0.1, d.pick(d.main, "metal/black"), 0.05),
        box((0, 0, 0.09), (width, depth, high - 0.115), d.main),
        box((0, 0, high - 0.025), (width + 0.03, depth + 0.02, 0.025), d.main, surface=True),
        *fronts(width, -depth / 2, 0.1, high - 0.03, d.count(2, 4), 1, d.main, "metal/silver"),
    ]


@kind(*WOODS, front=0.6, name="tv stand")
def tv_stand(d: Design) -> list[Part]:
    """Low and wide; a television stands on it."""
    width, depth, high = d.between(1.2, 1.7), d.between(0.38, 0.45), d.between(0.42, 0.55)
    return [
        box((0, 0, 0.06), (width, depth, high - 0.09), d.main),
        box((0, 0.02, 0), (width - 0.1, depth - 0.1, 0.06), "wood/black"),
        box((0, 0, high - 0.03), (width + 0.02, depth + 0.02, 0.03), d.main, surface=True),
        *fronts(width, -depth / 2, 0.07, high - 0.04, d.count(2, 4), 1, d.main, "metal/black"),
    ]


@kind(*APPLIANCES, front=0.7, name="refrigerator")
def refrigerator(d: Design) -> list[Part]:
    """Two doors, one above the other, with long handles."""
    width, depth, high = d.between(0.6, 0.75), d.between(0.62, 0.7), d.between(1.65, 1.85)
    split, side = high * (d.between(0.3, 0.4) if d.chance(0.5) else d.between(0.62, 0.7)), -1
    parts = [box((0, 0.02, 0.03), (width, depth - 0.04, high - 0.03), d.main)]
    for low, top in ((0.05, split), (split + 0.01, high)):
        parts.append(box((0, -depth / 2 + 0.02, low), (width, 0.05, top - low), d.main))
        z, tall = (low + top) / 2 - 0.2, min(0.4, top - low - 0.1)
        x = side * (width / 2 - 0.06)
        parts.append(box((x, -depth / 2 - 0.03, z), (0.025, 0.03, tall), "metal/grey"))
    return parts


@kind(*APPLIANCES, front=0.7)
def stove(d: Design) -> list[Part]:
    """An oven door with a window, four plates and knobs."""
    width, depth, high = 0.6, 0.62, d.between(0.86, 0.92)
    parts = [
        box((0, 0, 0.05), (width, depth, high - 0.05), d.main),
        box((0, 0, high - 0.01), (width, depth, 0.015), "metal/black", surface=True),
        box((0, -depth / 2 - 0.008, 0.2), (width - 0.08, 0.02, 0.46), "metal/black"),
        box((0, -depth / 2 - 0.018, 0.27), (width - 0.2, 0.012, 0.28), "screen/grey"),
        box((0, -depth / 2 - 0.03, 0.67), (width - 0.12, 0.03, 0.03), "metal/silver"),
    ]
    for x in (-0.14, 0.14):
        parts += [
            cylinder((x, y, high), d.between(0.16, 0.2), 0.012, "metal/grey") for y in (-0.14, 0.14)
        ]
    for n in range(4):
        at = (-0.21 + 0.14 * n, -depth / 2 - 0.012, high - 0.07)
        parts.append(Part("cylinder", at, (0.045, 0.045, 0.03), "metal/silver", (90, 0, 0)))
    if d.chance(0.5):
        parts.append(box((0, depth / 2 - 0.03, high), (width, 0.05, 0.15), d.main))
    return parts


@kind(*WOODS, "paint/white", "paint/blue", "paint/green", "paint/grey", front=0.7)
def counter(d: Design) -> list[Part]:
    """A kitchen counter with doors, and wall cabinets above in many designs."""
    width, depth, high = d.between(1.0, 1.6), 0.62, 0.9
    knob, top = (
        d.pick("metal/silver", "metal/black"),
        d.pick("marble/white", "marble/grey", "wood/tan", "marble/black"),
    )
    doors = d.count(2, 3)
    parts = [
        box((0, 0.03, 0), (width, depth - 0.1, 0.1), "wood/black"),
        box((0, 0, 0.1), (width, depth, high - 0.14), d.main),
        box((0, 0, high - 0.04), (width + 0.01, depth + 0.02, 0.04), top, surface=True),
        *fronts(width, -depth / 2, 0.12, high - 0.05, doors, 1, d.main, knob),
    ]
    if d.chance(0.7):
        parts.append(box((0, depth / 2 - 0.17, 1.45), (width, 0.34, 0.65), d.main))
        parts += fronts(width, depth / 2 - 0.34, 1.46, 2.09, doors, 1, d.main, knob)
    return parts


@kind(*WOODS, "paint/white", "paint/blue", front=0.6, container=True)
def sink(d: Design) -> list[Part]:
    """A cabinet with a basin and a tap."""
    width, depth, high = d.between(0.6, 0.8), 0.52, d.between(0.82, 0.9)
    rim, basin = 0.025, d.pick("ceramic/white", "metal/silver")
    inner = (width - 0.16, depth - 0.18)
    slabs = [
        ((0, -depth / 2 + 0.045), (width, 0.09)),
        ((0, depth / 2 - 0.045), (width, 0.09)),
        ((-width / 2 + 0.04, 0), (0.08, depth)),
        ((width / 2 - 0.04, 0), (0.08, depth)),
    ]
    return [
        box((0, 0, 0), (width, depth, high - 0.2), d.main),
        *[box((x, y, high - 0.2), (w, t, 0.2 - rim), d.main) for (x, y), (w, t) in slabs],
        *[box((x, y, high - rim), (w, t, rim), basin) for (x, y), (w, t) in slabs],
        box((0, 0, high - 0.17), (*inner, 0.012), basin, surface=True),
        *fronts(width, -depth / 2, 0.08, high - 0.06, 2, 1, d.main, "metal/silver"),
        cylinder((0, depth / 2 - 0.05, high), 0.03, 0.2, "metal/silver"),
        box((0, depth / 2 - 0.12, high + 0.18), (0.025, 0.17, 0.02), "metal/silver"),
    ]


@kind("ceramic/white", front=0.5)
def toilet(d: Design) -> list[Part]:
    """Bowl, seat, tank and lid."""
    high, wide = d.between(0.38, 0.42), d.between(0.36, 0.4)
    tank = d.between(0.72, 0.85)
    lid = d.pick("plastic/white", "plastic/white", "wood/brown")
    bowl = ((0.0, 0.0), (0.62, 0.0), (0.5, 0.35), (0.8, 0.7), (1.0, 0.95), (1.0, 1.0), (0.0, 1.0))
    return [
        lathe((0, -0.08, 0), (wide, 0.5, high), d.main, bowl),
        cylinder((0, -0.08, high), wide - 0.01, 0.03, lid),
        box((0, 0.2, 0), (0.2, 0.16, high), d.main),
        box((0, 0.24, high), (d.between(0.36, 0.44), 0.18, tank - high - 0.03), d.main),
        box((0, 0.24, tank - 0.03), (0.44, 0.2, 0.03), d.main),
        cylinder((0, 0.24, tank), 0.05, 0.012, "metal/silver"),
    ]


@kind("ceramic/white", front=0.5, container=True)
def bathtub(d: Design) -> list[Part]:
    """Four walls, a bottom and a tap."""
    width, depth, high = d.between(1.5, 1.7), d.between(0.7, 0.8), d.between(0.5, 0.58)
    rim = d.between(0.06, 0.1)
    skin = d.pick("ceramic/white", "tiles/white", "wood/white")
    parts = [box((0, 0, 0.1), (width - 0.05, depth - 0.05, 0.03), "ceramic/white", surface=True)]
    for side in (-1, 1):
        parts += [
            box((0, side * (depth - rim) / 2, 0), (width, rim, high - 0.02), skin),
            box((side * (width - rim) / 2, 0, 0), (rim, depth, high - 0.02), skin),
            box((0, side * (depth - rim) / 2, high - 0.02), (width, rim + 0.02, 0.03), d.main),
            box((side * (width - rim) / 2, 0, high - 0.02), (rim + 0.02, depth, 0.03), d.main),
        ]
    tap = (width / 2 - 0.05, 0, high)
    return [
        *parts,
        cylinder(tap, 0.035, 0.16, "metal/silver"),
        box((tap[0] - 0.07, 0, high + 0.14), (0.16, 0.03, 0.025), "metal/silver"),
    ]


@kind("metal/white", "metal/silver", front=0.6, name="washing machine")
def washing_machine(d: Design) -> list[Part]:
    """A round glass door and a panel."""
    high = d.between(0.83, 0.87)
    ring, y = d.between(0.32, 0.4), -0.3
    return [
        box((0, 0, 0), (0.6, 0.6, high), d.main, surface=True),
        Part("cylinder", (0, y - 0.01, 0.42), (ring, ring, 0.03), "metal/grey", (90, 0, 0)),
        Part(
            "cylinder",
            (0, y - 0.02, 0.42),
            (ring - 0.08, ring - 0.08, 0.035),
            "screen/black",
            (90, 0, 0),
        ),
        box((0.12, y - 0.005, high - 0.11), (0.3, 0.012, 0.07), "screen/black"),
        box((-0.19, y - 0.005, high - 0.11), (0.16, 0.012, 0.07), "plastic/grey"),
    ]
