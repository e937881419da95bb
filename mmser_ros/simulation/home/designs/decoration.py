# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Designs of lamps, plants, rugs, and what hangs on walls."""

from __future__ import annotations

import math

from mmser_ros.simulation.home.designs.kinds import CERAMICS, COLOURED, FABRICS, WOODS, Design, kind
from mmser_ros.simulation.home.shapes import Part, box, cylinder, ellipsoid, lathe

SHADE = ((1.0, 0.0), (0.65, 1.0), (0.62, 1.0), (0.96, 0.0))
POT = ((0.0, 0.0), (0.68, 0.0), (1.0, 1.0), (0.88, 1.0), (0.85, 0.85), (0.0, 0.85))


@kind("light/glow", "light/cream", "light/white", name="floor lamp")
def floor_lamp(d: Design) -> list[Part]:
    """A foot, a pole and a shade."""
    pole, wide = d.pick("metal/black", "metal/silver", "wood/tan"), d.between(0.32, 0.42)
    high, shade = d.between(1.4, 1.7), d.between(0.25, 0.36)
    return [
        cylinder((0, 0, 0), d.between(0.24, 0.3), 0.03, pole),
        cylinder((0, 0, 0.02), 0.03, high - 0.1, pole),
        lathe((0, 0, high - shade), (wide, wide, shade), d.main, SHADE),
    ]


@kind("light/glow", "light/cream", "light/white")
def lamp(d: Design) -> list[Part]:
    """A table lamp."""
    wide, foot = d.between(0.2, 0.28), d.pick(*CERAMICS, "wood/tan", "metal/silver")
    base = d.between(0.16, 0.24)
    body = ((0.0, 0.0), (0.8, 0.0), (1.0, 0.3), (0.5, 0.75), (0.2, 1.0), (0.0, 1.0))
    return [
        lathe((0, 0, 0), (wide * 0.6, wide * 0.6, base), foot, body),
        cylinder((0, 0, base - 0.01), 0.02, 0.06, "metal/silver"),
        lathe((0, 0, base + 0.03), (wide, wide, d.between(0.15, 0.2)), d.main, SHADE),
    ]


@kind("leaf/green", name="plant")
def plant(d: Design) -> list[Part]:
    """A pot with leaves that rise from it, or a small tree."""
    pot, wide, low = (
        d.pick(*CERAMICS, "ceramic/brown", "wicker/tan"),
        d.between(0.26, 0.38),
        d.between(0.25, 0.36),
    )
    parts = [
        lathe((0, 0, 0), (wide, wide, low), pot, POT),
        cylinder((0, 0, low * 0.8), wide * 0.8, 0.02, "carpet/brown"),
    ]
    tall, tree = d.between(0.5, 0.95), d.chance(0.4)
    if tree:
        parts.append(cylinder((0, 0, low * 0.8), 0.035, tall * 0.65, "wood/brown"))
    count = d.count(11, 16)
    for n in range(count):
        angle, lean = 360.0 * n * 0.382, d.between(12, 55)
        size = tall * d.between(0.45, 0.9) * (0.55 if tree else 1.0)
        reach = size / 2 * math.sin(math.radians(lean))
        x, y = -reach * math.sin(math.radians(-angle)), -reach * math.cos(math.radians(angle))
        z = low * 0.85 + size / 2 * math.cos(math.radians(lean)) + (tall * 0.5 if tree else 0.0)
        leaf = (d.between(0.07, 0.12), 0.012, size)
        parts.append(Part("ellipsoid", (-x, y, z), leaf, d.main, (lean, 0, angle)))
    return parts


@kind("leaf/green", name="potted plant")
def potted_plant(d: Design) -> list[Part]:
    """A small plant for a table."""
    wide, low = d.between(0.1, 0.14), d.between(0.09, 0.12)
    parts = [lathe((0, 0, 0), (wide, wide, low), d.pick(*CERAMICS, "ceramic/brown"), POT)]
    for n in range(7):
        x, y = 0.04 * math.cos(n * 2.4), 0.04 * math.sin(n * 2.4)
        size = d.between(0.08, 0.13)
        parts.append(ellipsoid((x, y, low - 0.03), (size, size, size * 1.3), d.main))
    return parts


@kind(*[f"carpet/{one}" for one in COLOURED], "carpet/cream", "carpet/beige", "carpet/grey")
def rug(d: Design) -> list[Part]:
    """A border, a field, and in some designs a middle."""
    width, depth = d.between(1.5, 2.3), d.between(1.1, 1.6)
    border = d.pick("carpet/cream", "carpet/brown", "carpet/grey", "carpet/white")
    if d.chance(0.3):
        return [
            cylinder((0, 0, 0), depth, 0.008, border),
            cylinder((0, 0, 0.002), depth - 0.16, 0.009, d.main),
        ]
    parts = [
        box((0, 0, 0), (width, depth, 0.008), border),
        box((0, 0, 0.002), (width - 0.14, depth - 0.14, 0.009), d.main),
    ]
    if d.chance(0.6):
        parts.append(box((0, 0, 0.003), (width * 0.6, depth * 0.55, 0.0105), border))
        parts.append(box((0, 0, 0.004), (width * 0.54, depth * 0.46, 0.0115), d.main))
    return parts


@kind(*WOODS)
def picture(d: Design) -> list[Part]:
    """A frame and a picture: a landscape, or coloured shapes. Its bottom is at z = 0."""
    width, high = d.between(0.4, 0.9), d.between(0.35, 0.65)
    parts = [
        box((0, 0, 0), (width, 0.025, high), d.main),
        box((0, -0.014, 0.03), (width - 0.06, 0.006, high - 0.06), "paper/white"),
    ]
    wide, tall = width - 0.13, high - 0.13
    if d.chance(0.55):
        sky, land = (
            d.pick("paper/sky", "paper/orange", "paper/pink"),
            d.pick("paper/green", "paper/tan", "paper/blue"),
        )
        level = tall * d.between(0.35, 0.6)
        parts += [
            box((0, -0.018, 0.065), (wide, 0.004, tall), sky),
            box((0, -0.02, 0.065), (wide, 0.004, level), land),
            Part(
                "ellipsoid",
                (wide * 0.2, -0.0195, 0.065 + level),
                (wide * 0.5, 0.003, tall * 0.35),
                d.pick("paper/green", "paper/grey", "paper/brown"),
            ),
            Part(
                "ellipsoid",
                (-wide * 0.25, -0.0195, 0.065 + tall * 0.8),
                (0.09, 0.003, 0.09),
                "paper/yellow",
            ),
        ]
        return parts
    for n in range(d.count(3, 6)):
        size = d.between(0.15, 0.35) * wide
        x, z = d.between(-0.3, 0.3) * wide, 0.065 + tall * d.between(0.25, 0.75)
        colour = f"paper/{d.pick(*COLOURED)}"
        shape = d.pick("box", "ellipsoid")
        parts.append(Part(shape, (x, -0.018 - 0.001 * n, z), (size, 0.003, size), colour))
    return parts


@kind(*WOODS, "metal/silver", "metal/black")
def mirror(d: Design) -> list[Part]:
    """A frame and a bright pane."""
    width, high = d.between(0.45, 0.7), d.between(0.6, 0.9)
    return [
        box((0, 0, 0), (width, 0.03, high), d.main),
        box((0, -0.017, 0.03), (width - 0.06, 0.006, high - 0.06), "screen/sky"),
    ]


@kind("plastic/white", "plastic/black", "wood/brown", "plastic/red")
def clock(d: Design) -> list[Part]:
    """A round wall clock."""
    wide, hour, minute = d.between(0.26, 0.36), d.between(0, 360), d.between(0, 360)
    face = (90.0, 0.0, 0.0)
    parts = [
        Part("cylinder", (0, 0, wide / 2), (wide, wide, 0.03), d.main, face),
        Part(
            "cylinder",
            (0, -0.014, wide / 2),
            (wide - 0.05, wide - 0.05, 0.008),
            "paper/white",
            face,
        ),
    ]
    for angle, reach in ((hour, 0.25), (minute, 0.38)):
        x, z = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        at = (x * reach * wide / 2, -0.02, wide / 2 + z * reach * wide / 2)
        parts.append(Part("box", at, (0.014, 0.004, reach * wide), "paper/black", (0, angle, 0)))
    return parts


@kind(*FABRICS, "fabric/cream", name="curtain")
def curtain(d: Design) -> list[Part]:
    """Two panels in folds, 1.5 m wide in all, from a rod; its bottom is at z = 0."""
    high, panel = d.between(1.55, 2.0), d.between(0.28, 0.4)
    rod = d.pick("metal/black", "metal/silver", "wood/brown")
    parts = [Part("cylinder", (0, 0, high + 0.02), (0.025, 0.025, 1.9), rod, (0, 90, 0))]
    folds = 6
    for side in (-1, 1):
        for n in range(folds):
            x = side * (0.9 - panel * (n + 0.5) / folds)
            size = (panel / folds + 0.02, 0.06 if n % 2 else 0.1, high)
            parts.append(Part("cylinder", (x, 0, high / 2), size, d.main))
    return parts


@kind(*FABRICS)
def towel(d: Design) -> list[Part]:
    """Over a rail at the wall."""
    width, high = d.between(0.32, 0.5), d.between(0.5, 0.7)
    return [
        Part("cylinder", (0, 0.0, high), (0.02, 0.02, width + 0.16), "metal/silver", (0, 90, 0)),
        box((0, -0.012, 0), (width, 0.02, high + 0.01), d.main),
        box((0, -0.03, 0.1), (width, 0.02, high - 0.09), d.main),
    ]


@kind(*WOODS, name="coat rack")
def coat_rack(d: Design) -> list[Part]:
    """A pole with hooks and a coat."""
    high = d.between(1.6, 1.8)
    parts = [cylinder((0, 0, 0), 0.4, 0.03, d.main), cylinder((0, 0, 0), 0.045, high, d.main)]
    for n in range(3):
        parts.append(Part("box", (0, 0, high - 0.1), (0.3, 0.02, 0.02), d.main, (0, 0, 60.0 * n)))
    coat = d.pick(*FABRICS)
    parts.append(
        lathe(
            (0.1, -0.05, high - 0.95),
            (0.3, 0.2, 0.85),
            coat,
            ((1, 0), (0.8, 0.6), (0.6, 0.9), (0.1, 1)),
        )
    )
    return parts
