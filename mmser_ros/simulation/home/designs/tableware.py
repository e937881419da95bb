# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Designs of things of the kitchen and the table."""

from __future__ import annotations

import math

from mmser_ros.simulation.home.designs.kinds import CERAMICS, COLOURED, Design, kind
from mmser_ros.simulation.home.shapes import Part, box, cylinder, ellipsoid, lathe

CUP = ((0.0, 0.0), (0.85, 0.0), (1.0, 0.15), (1.0, 1.0), (0.9, 1.0), (0.88, 0.12), (0.0, 0.1))
BOWL = ((0.0, 0.0), (0.42, 0.0), (0.75, 0.3), (1.0, 1.0), (0.94, 1.0), (0.68, 0.35), (0.0, 0.12))
BOTTLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.6), (0.4, 0.78), (0.36, 1.0), (0.0, 1.0))
VASES = (
    ((0.0, 0.0), (0.6, 0.0), (1.0, 0.4), (0.45, 0.8), (0.7, 1.0), (0.6, 1.0), (0.35, 0.8)),
    ((0.0, 0.0), (0.9, 0.0), (1.0, 0.2), (0.8, 0.7), (0.5, 1.0), (0.42, 1.0), (0.4, 0.9)),
)


@kind(*CERAMICS)
def mug(d: Design) -> list[Part]:
    """A cup with a handle."""
    wide, high = d.between(0.085, 0.105), d.between(0.09, 0.12)
    x = wide / 2 + 0.015
    return [
        lathe((0, 0, 0), (wide, wide, high), d.main, CUP),
        box((x, 0, high * 0.72), (0.045, 0.016, 0.014), d.main),
        box((x, 0, high * 0.2), (0.045, 0.016, 0.014), d.main),
        box((x + 0.018, 0, high * 0.2), (0.014, 0.016, high * 0.64), d.main),
    ]


@kind(*CERAMICS, "wood/brown", container=True)
def bowl(d: Design) -> list[Part]:
    """Open; fruit may lie in it."""
    wide, high = d.between(0.2, 0.28), d.between(0.075, 0.1)
    bottom = cylinder((0, 0, high * 0.1), wide * 0.55, 0.006, d.main, surface=True)
    return [lathe((0, 0, 0), (wide, wide, high), d.main, BOWL), bottom]


@kind(*CERAMICS)
def plate(d: Design) -> list[Part]:
    """Flat, with a rim."""
    wide = d.between(0.22, 0.28)
    return [lathe((0, 0, 0), (wide, wide, 0.022), d.main, BOWL)]


@kind("glass/green", "glass/white", "plastic/blue", "plastic/white", "plastic/red", "glass/brown")
def bottle(d: Design) -> list[Part]:
    """With a label and a cap."""
    wide, high = d.between(0.07, 0.09), d.between(0.24, 0.32)
    solid = d.main.replace("glass", "plastic")
    return [
        lathe((0, 0, 0), (wide, wide, high), solid, BOTTLE),
        cylinder(
            (0, 0, high * 0.2), wide * 1.02, high * 0.25, f"paper/{d.pick(*COLOURED, 'white')}"
        ),
        cylinder((0, 0, high), wide * 0.42, 0.02, f"plastic/{d.pick('white', 'red', 'black')}"),
    ]


@kind(*CERAMICS, "ceramic/brown", "glass/blue")
def vase(d: Design) -> list[Part]:
    """With flowers in most designs."""
    wide, high = d.between(0.1, 0.15), d.between(0.18, 0.28)
    parts = [lathe((0, 0, 0), (wide, wide, high), d.main, VASES[d.count(0, 1)])]
    if d.chance(0.7):
        petal = f"fabric/{d.pick('red', 'pink', 'yellow', 'white', 'purple')}"
        for n in range(d.count(4, 7)):
            x, y, up = 0.06 * math.cos(n * 2.4), 0.06 * math.sin(n * 2.4), d.between(0.08, 0.18)
            parts.append(cylinder((x / 2, y / 2, high - 0.03), 0.008, up, "leaf/green"))
            parts.append(ellipsoid((x, y, high + up - 0.05), (0.06, 0.06, 0.05), petal))
    return parts


@kind("skin/red", "skin/green", "skin/yellow")
def apple(d: Design) -> list[Part]:
    """With a stem."""
    wide = d.between(0.07, 0.085)
    stem = cylinder((0, 0, wide * 0.85), 0.006, 0.02, "wood/brown")
    return [ellipsoid((0, 0, 0), (wide, wide, wide * 0.9), d.main), stem]


@kind("skin/orange", name="orange")
def orange(d: Design) -> list[Part]:
    """A round fruit."""
    wide = d.between(0.075, 0.09)
    return [ellipsoid((0, 0, 0), (wide, wide, wide), d.main)]


@kind("metal/silver", "metal/black", "metal/red")
def pot(d: Design) -> list[Part]:
    """With a lid and two handles."""
    wide, high = d.between(0.2, 0.26), d.between(0.12, 0.17)
    parts = [
        cylinder((0, 0, 0), wide, high, d.main),
        ellipsoid((0, 0, high - 0.015), (wide * 1.02, wide * 1.02, 0.04), "metal/silver"),
        cylinder((0, 0, high + 0.02), 0.03, 0.025, "plastic/black"),
    ]
    for side in (-1, 1):
        at = (side * (wide / 2 + 0.02), 0, high * 0.7)
        parts.append(box(at, (0.05, 0.07, 0.015), "plastic/black"))
    return parts


@kind("metal/silver", "metal/white", "metal/black")
def microwave(d: Design) -> list[Part]:
    """A door with a window, and a panel."""
    width, high = d.between(0.44, 0.54), d.between(0.25, 0.31)
    pane, x = (width - 0.16, 0.006, high - 0.06), width / 2 - 0.07
    return [
        box((0, 0, 0), (width, 0.34, high), d.main),
        box((-0.06, -0.172, 0.03), pane, "screen/black"),
        box((x, -0.172, 0.03), (0.1, 0.006, high - 0.06), "plastic/grey"),
    ]
