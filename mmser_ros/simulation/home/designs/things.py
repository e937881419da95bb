# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Designs of other household things: books, toys, devices, containers."""

from __future__ import annotations

import math

from mmser_ros.simulation.home.designs.kinds import COLOURED, FABRICS, PLASTICS, Design, kind
from mmser_ros.simulation.home.shapes import Part, box, cylinder, ellipsoid, lathe, rounded

CARDBOARD = "paper/tan"


@kind(*[f"paper/{one}" for one in (*COLOURED, "black", "brown")])
def book(d: Design) -> list[Part]:
    """A cover and pages, lying."""
    width, depth, high = d.between(0.15, 0.2), d.between(0.21, 0.27), d.between(0.022, 0.045)
    return [
        box((0, 0, 0), (width, depth, high), d.main),
        box((0.004, 0, 0.003), (width, depth - 0.008, high - 0.006), "paper/cream"),
    ]


@kind("paper/red", "paper/blue", "paper/green", "paper/brown")
def books(d: Design) -> list[Part]:
    """A row of books that stand."""
    parts, x = [], 0.0
    for n in range(d.count(6, 12)):
        thick, high, deep = d.between(0.02, 0.05), d.between(0.18, 0.26), d.between(0.14, 0.2)
        colour = d.main if n % 3 == 0 else f"paper/{d.pick(*COLOURED, 'black', 'brown', 'white')}"
        parts.append(box((x + thick / 2, -deep / 2 + 0.1, 0), (thick - 0.002, deep, high), colour))
        x += thick
    return [part.placed((-x / 2, 0, 0), 0) for part in parts]


@kind("metal/silver", "metal/black", "metal/grey")
def laptop(d: Design) -> list[Part]:
    """Open, with a lit screen."""
    width, depth, lean = d.between(0.32, 0.38), 0.23, 18.0
    up = depth * 0.92
    y = depth / 2 + up / 2 * math.sin(math.radians(lean))
    z = 0.01 + up / 2 * math.cos(math.radians(lean))
    screen = f"light/{d.pick('blue', 'sky', 'grey', 'white')}"
    return [
        box((0, 0, 0), (width, depth, 0.016), d.main),
        box((0, 0.03, 0.016), (width - 0.05, 0.11, 0.003), "plastic/black"),
        Part("box", (0, y, z), (width, 0.01, up), d.main, (-lean, 0, 0)),
        Part("box", (0, y - 0.005, z), (width - 0.025, 0.008, up - 0.03), screen, (-lean, 0, 0)),
    ]


@kind("screen/black", name="television")
def television(d: Design) -> list[Part]:
    """Flat, on a foot; off, or with a lit picture."""
    width = d.between(0.85, 1.15)
    high = width * 0.57
    parts = [
        box((0, 0, 0), (width * 0.4, 0.2, 0.015), "plastic/black"),
        box((0, 0.02, 0.015), (0.08, 0.04, 0.08), "plastic/black"),
        box((0, 0, 0.07), (width, 0.04, high), "plastic/black"),
        box((0, -0.021, 0.085), (width - 0.03, 0.004, high - 0.03), d.main),
    ]
    if d.chance(0.3):
        parts.append(box((0, -0.023, 0.085), (width - 0.03, 0.002, high - 0.03), "light/sky"))
        parts.append(box((0, -0.024, 0.085), (width - 0.03, 0.002, high * 0.4), "paper/green"))
    return parts


@kind("plastic/black", "metal/silver", "plastic/white")
def monitor(d: Design) -> list[Part]:
    """A screen of a computer."""
    width = d.between(0.5, 0.62)
    return [
        box((0, 0, 0), (0.22, 0.18, 0.015), d.main),
        box((0, 0.03, 0.01), (0.05, 0.03, 0.2), d.main),
        box((0, 0, 0.12), (width, 0.03, 0.34), d.main),
        box(
            (0, -0.016, 0.135),
            (width - 0.03, 0.004, 0.31),
            f"light/{d.pick('blue', 'grey', 'sky')}",
        ),
    ]


@kind("plastic/black", "plastic/white")
def keyboard(d: Design) -> list[Part]:
    """Rows of keys."""
    wide = d.between(0.36, 0.46)
    keys = (wide - 0.03, 0.022, 0.006)
    rows = [box((0, -0.045 + 0.03 * n, 0.015), keys, "plastic/grey") for n in range(4)]
    return [box((0, 0, 0), (wide, 0.14, 0.016), d.main), *rows]


@kind(*PLASTICS)
def ball(d: Design) -> list[Part]:
    """A toy of 14 to 24 cm."""
    wide = d.between(0.14, 0.24)
    parts = [ellipsoid((0, 0, 0), (wide, wide, wide), d.main)]
    if d.chance(0.5):
        at, size = (0.0, 0.0, wide / 2), (wide * 1.005, wide * 1.005, wide * 0.22)
        parts.append(Part("cylinder", at, size, "plastic/white", (20, 0, 0)))
    return parts


@kind(CARDBOARD, "paper/white", "plastic/blue", "plastic/green", "wood/tan", name="box")
def closed_box(d: Design) -> list[Part]:
    """With a lid or with tape."""
    width, depth, high = d.between(0.22, 0.4), d.between(0.2, 0.3), d.between(0.14, 0.28)
    parts = [box((0, 0, 0), (width, depth, high), d.main)]
    if d.main == CARDBOARD:
        parts.append(box((0, 0, 0.001), (0.05, depth + 0.002, high), "paper/beige"))
    else:
        parts.append(box((0, 0, high - 0.02), (width + 0.015, depth + 0.015, 0.03), d.main))
    return parts


@kind("wicker/tan", "wicker/brown", "wicker/white", "plastic/blue", "plastic/white", container=True)
def basket(d: Design) -> list[Part]:
    """Open; things may lie in it."""
    wide, high = d.between(0.34, 0.46), d.between(0.26, 0.38)
    hollow = ((0.0, 0.0), (0.8, 0.0), (1.0, 1.0), (0.92, 1.0), (0.74, 0.08), (0.0, 0.08))
    rim = ((1.0, 0.0), (1.0, 1.0), (0.9, 1.0), (0.9, 0.0))
    return [
        lathe((0, 0, 0), (wide, wide, high), d.main, hollow),
        lathe((0, 0, high - 0.03), (wide + 0.02, wide + 0.02, 0.03), d.main, rim),
        cylinder((0, 0, 0.04), wide * 0.7, 0.01, d.main, surface=True),
    ]


@kind("metal/silver", "metal/black", "plastic/white", "plastic/grey", name="trash can")
def trash_can(d: Design) -> list[Part]:
    """With a lid."""
    wide, high = d.between(0.25, 0.32), d.between(0.4, 0.6)
    lid = d.pick("plastic/black", "metal/silver")
    return [
        lathe((0, 0, 0), (wide, wide, high), d.main, ((0, 0), (0.85, 0), (1, 1), (0, 1))),
        ellipsoid((0, 0, high - 0.04), (wide, wide, 0.09), lid),
    ]


@kind(*FABRICS, "fabric/orange", "fabric/purple")
def pillow(d: Design) -> list[Part]:
    """It leans."""
    wide = d.between(0.38, 0.46)
    return [rounded((0, 0, -0.02), (wide, 0.14, wide), d.main, turn=(-22, 0, 0))]


@kind("fabric/brown", "fabric/tan", "fabric/white", "fabric/pink", "fabric/grey", name="teddy bear")
def teddy_bear(d: Design) -> list[Part]:
    """It sits."""
    s = d.between(0.9, 1.3)
    parts = [
        ellipsoid((0, 0, 0), (0.16 * s, 0.14 * s, 0.19 * s), d.main),
        ellipsoid((0, 0, 0.16 * s), (0.13 * s, 0.12 * s, 0.12 * s), d.main),
        ellipsoid((0, -0.055 * s, 0.19 * s), (0.05 * s, 0.04 * s, 0.04 * s), "fabric/cream"),
    ]
    for side in (-1, 1):
        parts += [
            ellipsoid((side * 0.05 * s, 0, 0.25 * s), (0.05 * s, 0.03 * s, 0.05 * s), d.main),
            ellipsoid(
                (side * 0.09 * s, -0.03 * s, 0.08 * s), (0.06 * s, 0.07 * s, 0.1 * s), d.main
            ),
            ellipsoid((side * 0.06 * s, -0.09 * s, 0), (0.07 * s, 0.13 * s, 0.06 * s), d.main),
            ellipsoid((side * 0.025 * s, -0.058 * s, 0.225 * s), (0.014 * s,) * 3, "plastic/black"),
        ]
    return parts


@kind("fabric/black", "fabric/white", "fabric/red", "fabric/blue", "leather/brown", name="shoes")
def shoes(d: Design) -> list[Part]:
    """A pair."""
    parts, long = [], d.between(0.23, 0.3)
    for x in (-0.065, 0.065):
        parts += [
            box((x, 0, 0), (0.085, long, 0.022), "plastic/white"),
            ellipsoid((x, 0.1 - long / 2, 0.005), (0.085, long * 0.75, 0.085), d.main),
            rounded((x, long / 2 - 0.06, 0.015), (0.075, 0.11, d.between(0.08, 0.14)), d.main),
        ]
    return parts


@kind("fabric/red", "fabric/blue", "fabric/green", "fabric/black", "fabric/orange", "fabric/pink")
def backpack(d: Design) -> list[Part]:
    """It stands, with a pocket and straps."""
    width, high = d.between(0.28, 0.34), d.between(0.4, 0.46)
    return [
        rounded((0, 0, 0), (width, 0.18, high), d.main),
        rounded((0, -0.1, 0.03), (width * 0.75, 0.08, high * 0.45), d.main),
        box((0, -0.142, high * 0.38), (width * 0.5, 0.01, 0.012), "plastic/black"),
        box((0, 0, high - 0.01), (0.08, 0.02, 0.04), "plastic/black"),
    ]


@kind("plastic/white", "plastic/black", "plastic/grey")
def printer(d: Design) -> list[Part]:
    """With paper in its tray."""
    high = d.between(0.18, 0.26)
    return [
        box((0, 0, 0), (0.44, 0.34, high), d.main),
        box((0, -0.2, 0.05), (0.3, 0.12, 0.012), "plastic/black"),
        box((0, -0.2, 0.062), (0.22, 0.11, 0.006), "paper/white"),
        box((0, 0.1, high), (0.24, 0.05, 0.1), "paper/white", turn=(-15, 0, 0)),
    ]
