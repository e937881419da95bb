# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Designs of beds, seats and tables."""

from __future__ import annotations

from mmser_ros.simulation.home.designs.kinds import FABRICS, WOODS, Design, kind
from mmser_ros.simulation.home.shapes import Part, box, cylinder, ellipsoid, rounded

LEATHERS = ("leather/brown", "leather/black", "leather/white")


def legs(
    width: float, depth: float, height: float, material: str, thick: float = 0.05
) -> list[Part]:
    """Four legs at the corners of a rectangle."""
    x, y = (width - thick) / 2, (depth - thick) / 2
    return [
        box((a * x, b * y, 0), (thick, thick, height), material) for a in (-1, 1) for b in (-1, 1)
    ]


@kind(*FABRICS, front=0.5)
def bed(d: Design) -> list[Part]:
    """Frame, headboard, mattress, two pillows or one, and a blanket."""
    double = d.chance(0.6)
    width, length = (d.between(1.5, 1.8) if double else d.between(0.95, 1.2)), d.between(1.95, 2.1)
    frame, low = d.pick(*WOODS, "metal/black"), d.between(0.2, 0.32)
    high, padded = d.between(0.85, 1.2), d.chance(0.35)
    board = (rounded if padded else box)(
        (0, length / 2 - 0.05, 0.1), (width + 0.06, 0.1, high - 0.1), d.main if padded else frame
    )
    top = low + d.between(0.16, 0.26)
    parts = [
        board,
        *legs(width, length - 0.1, low, frame, 0.07),
        box((0, -0.05, low - 0.12), (width, length - 0.1, 0.14), frame),
        rounded((0, -0.05, low), (width - 0.02, length - 0.12, top - low), "fabric/white"),
    ]
    count = 2 if double else 1
    for index in range(count):
        x = (index - (count - 1) / 2) * width * 0.48
        size = (width * 0.44 / max(1, count - 0.9) if double else 0.6, 0.4, 0.16)
        parts.append(
            rounded(
                (x, length / 2 - 0.33, top - 0.02), (min(size[0], 0.7), *size[1:]), "fabric/white",
                turn=(14, 0, 0),
            )
        )  # fmt: skip
    cover = length * d.between(0.55, 0.7)
    middle = -length / 2 + cover / 2 - 0.01
    parts += [
        box(
            (0, middle, low - 0.06), (width + 0.05, cover, top - low + 0.085), d.main, surface=True
        ),
        box((0, middle + cover / 2 - 0.1, top + 0.02), (width + 0.06, 0.24, 0.03), "fabric/white"),
    ]
    if d.chance(0.4):
        parts.append(box((0, 0.05 - length / 2, 0.1), (width + 0.06, 0.06, low + 0.25), frame))
    return parts


@kind(*FABRICS, *LEATHERS, front=0.7)
def sofa(d: Design) -> list[Part]:
    """Base, arms, back, seat cushions and perhaps throw pillows."""
    seats = d.count(2, 3)
    arm, each = d.between(0.14, 0.24), d.between(0.58, 0.7)
    width, depth = seats * each + 2 * arm, d.between(0.82, 0.95)
    foot, seat, back = d.between(0.06, 0.14), d.between(0.38, 0.46), d.between(0.75, 0.92)
    armrest = rounded if d.chance(0.6) else box
    parts = [
        *legs(width - 0.1, depth - 0.1, foot, d.pick(*WOODS)),
        box((0, 0, foot), (width, depth, 0.22), d.main),
        rounded((0, depth / 2 - 0.11, foot), (width, 0.22, back - foot), d.main),
    ]
    for side in (-1, 1):
        at = (side * (width - arm) / 2, -0.01, foot)
        parts.append(armrest(at, (arm, depth, d.between(0.5, 0.58)), d.main))
    for index in range(seats):
        x = (index - (seats - 1) / 2) * each
        parts += [
            rounded((x, -0.1, seat - 0.19), (each - 0.01, depth - 0.24, 0.2), d.main),
            rounded((x, depth / 2 - 0.28, seat - 0.02), (each - 0.02, 0.2, back - seat), d.main,
                    turn=(-12, 0, 0)),
        ]  # fmt: skip
    parts.append(
        box((0, -0.12, seat - 0.05), (seats * each - 0.1, depth - 0.5, 0.05), d.main, surface=True)
    )
    return parts


@kind(*FABRICS, *LEATHERS, front=0.5)
def armchair(d: Design) -> list[Part]:
    """A sofa for one."""
    width, depth = d.between(0.78, 0.95), d.between(0.78, 0.9)
    foot, seat, back, arm = d.between(0.08, 0.16), 0.43, d.between(0.8, 1.0), d.between(0.13, 0.2)
    return [
        *legs(width - 0.08, depth - 0.08, foot, d.pick(*WOODS, "metal/silver")),
        rounded((0, 0, foot), (width, depth, 0.26), d.main),
        rounded((0, depth / 2 - 0.12, foot), (width - 0.04, 0.24, back - foot), d.main),
        rounded((-(width - arm) / 2, 0, foot), (arm, depth, 0.5), d.main),
        rounded(((width - arm) / 2, 0, foot), (arm, depth, 0.5), d.main),
        rounded((0, -0.08, seat - 0.19), (width - 2 * arm, depth - 0.25, 0.2), d.main),
        box((0, -0.08, seat - 0.06), (width - 2 * arm - 0.1, depth - 0.4, 0.05), d.main,
            surface=True),
    ]  # fmt: skip


@kind(*WOODS, "plastic/white", "plastic/red", "plastic/blue", "metal/black")
def chair(d: Design) -> list[Part]:
    """Four legs, a seat, and a back of slats, of one board or of cushions."""
    width, depth = d.between(0.4, 0.48), d.between(0.42, 0.5)
    seat, top, thick = d.between(0.44, 0.48), d.between(0.82, 1.02), d.between(0.03, 0.045)
    style = d.pick("slats", "board", "rails", "cushion")
    parts = [
        *legs(width, depth, seat, d.main, thick),
        box((0, 0, seat - 0.04), (width, depth, 0.04), d.main, surface=True),
    ]
    y = (depth - thick) / 2
    parts += [
        box((side * (width - thick) / 2, y, seat), (thick, thick, top - seat), d.main)
        for side in (-1, 1)
    ]
    if style == "board":
        parts.append(box((0, y, seat + 0.12), (width, 0.02, top - seat - 0.12), d.main))
    elif style == "rails":
        parts += [box((0, y, top - 0.1 * n - 0.08), (width, 0.02, 0.06), d.main) for n in range(4)]
    else:
        parts.append(box((0, y, top - 0.08), (width, 0.03, 0.08), d.main))
        gaps = d.count(3, 5)
        for n in range(gaps):
            x = ((n + 0.5) / gaps - 0.5) * (width - 2 * thick)
            parts.append(box((x, y, seat), (0.022, 0.018, top - seat - 0.05), d.main))
    if style == "cushion":
        parts.append(
            rounded((0, -0.01, seat), (width - 0.03, depth - 0.05, 0.05), d.pick(*FABRICS))
        )
    return parts


@kind(
    "fabric/black", "fabric/grey", "leather/black", "fabric/blue", "fabric/red", name="office chair"
)
def office_chair(d: Design) -> list[Part]:
    """A star of five feet, a column, seat, back and armrests."""
    seat = d.between(0.44, 0.5)
    parts = [cylinder((0, 0, 0.08), 0.06, seat - 0.1, "metal/black")]
    for n in range(5):
        parts.append(
            box((0.14, 0, 0.045), (0.28, 0.05, 0.03), "metal/black").placed((0, 0, 0), 72.0 * n)
        )
    parts += [
        rounded((0, 0, seat - 0.04), (0.48, 0.46, 0.1), d.main),
        rounded(
            (0, 0.24, seat + 0.1), (0.44, 0.09, d.between(0.45, 0.65)), d.main, turn=(-8, 0, 0)
        ),
        box((0, 0.24, seat - 0.02), (0.06, 0.03, 0.3), "metal/black"),
    ]
    if d.chance(0.6):
        parts += [
            box((s * 0.27, 0, seat + 0.2), (0.05, 0.3, 0.03), "plastic/black") for s in (-1, 1)
        ]
        parts += [box((s * 0.27, 0, seat), (0.03, 0.04, 0.2), "metal/black") for s in (-1, 1)]
    return parts


@kind(*WOODS, "marble/white", name="table")
def table(d: Design) -> list[Part]:
    """A dining table: round on a column, or with four legs."""
    high, leg = d.between(0.72, 0.77), d.pick(*WOODS, "metal/black")
    if d.chance(0.3):
        wide = d.between(0.95, 1.2)
        return [
            cylinder((0, 0, 0), 0.5, 0.04, leg),
            cylinder((0, 0, 0.04), 0.1, high - 0.07, leg),
            cylinder((0, 0, high - 0.035), wide, 0.035, d.main, surface=True),
        ]
    width, depth = d.between(1.2, 1.6), d.between(0.8, 0.95)
    return [
        *legs(width - 0.1, depth - 0.1, high - 0.03, leg, d.between(0.05, 0.09)),
        box((0, 0, high - 0.12), (width - 0.16, depth - 0.16, 0.09), leg),
        box((0, 0, high - 0.035), (width, depth, 0.035), d.main, surface=True),
    ]


@kind(*WOODS, "glass/silver", "marble/white", name="coffee table")
def coffee_table(d: Design) -> list[Part]:
    """Low, with or without a shelf."""
    width, depth, high = d.between(0.85, 1.2), d.between(0.5, 0.65), d.between(0.38, 0.46)
    leg = d.pick(*WOODS, "metal/black", "metal/silver")
    parts = [
        *legs(width - 0.06, depth - 0.06, high - 0.03, leg, d.between(0.035, 0.06)),
        box((0, 0, high - 0.03), (width, depth, 0.03), d.main, surface=True),
    ]
    if d.chance(0.5):
        parts.append(box((0, 0, 0.12), (width - 0.08, depth - 0.08, 0.02), leg))
    return parts


@kind(*WOODS, front=0.7)
def desk(d: Design) -> list[Part]:
    """A top, legs on one side and drawers or legs on the other."""
    width, depth, high = d.between(1.15, 1.5), d.between(0.6, 0.75), d.between(0.72, 0.76)
    parts = [box((0, 0, high - 0.03), (width, depth, 0.03), d.main, surface=True)]
    if d.chance(0.6):
        for side in (-1, 1):
            x = side * (width / 2 - 0.04)
            parts.append(box((x, 0, 0), (0.03, depth - 0.05, high - 0.03), d.main))
        x = width / 2 - 0.25
        parts.append(box((x, 0.02, 0.1), (0.4, depth - 0.1, high - 0.13), d.main))
        parts += [
            box((x, -depth / 2 + 0.07, 0.2 + 0.19 * n), (0.12, 0.02, 0.02), "metal/silver")
            for n in range(3)
        ]
    else:
        parts += legs(width - 0.05, depth - 0.05, high - 0.03, d.pick("metal/black", d.main), 0.045)
        parts.append(box((0, depth / 2 - 0.06, high - 0.35), (width - 0.1, 0.02, 0.3), d.main))
    return parts


@kind(*WOODS, front=0.4)
def bench(d: Design) -> list[Part]:
    """A long seat."""
    width, depth = d.between(0.9, 1.2), d.between(0.34, 0.42)
    parts = [
        *legs(width - 0.1, depth - 0.04, 0.42, d.main),
        box((0, 0, 0.41), (width, depth, 0.04), d.main, surface=True),
    ]
    if d.chance(0.4):
        parts.append(rounded((0, 0, 0.45), (width - 0.05, depth - 0.02, 0.06), d.pick(*FABRICS)))
    return parts


@kind(*FABRICS, "leather/brown")
def ottoman(d: Design) -> list[Part]:
    """A low round or square seat."""
    wide, high = d.between(0.45, 0.6), d.between(0.36, 0.44)
    body = ellipsoid if d.chance(0.2) else rounded
    return [body((0, 0, 0.0), (wide, wide, high), d.main)]
