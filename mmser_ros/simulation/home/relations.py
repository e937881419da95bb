# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Spatial relations of objects, from their geometry."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmser_ros.simulation.home.home import Home, HomeObject

TOUCH = 0.04
"""Metres between what touches."""
ON_FLOOR = 0.06
BESIDE, BESIDE_SMALL = 0.45, 0.2
"""Metres between neighbours on the floor, and on the same furniture."""
COVER = 1.0
"""Metres below which the underside of furniture covers what is under it."""
RUG = 0.03

FIXED = frozenset({"window", "door", "picture", "mirror", "clock", "towel", "curtain"})
"""They hang on a wall or are part of it."""


class Relation(NamedTuple):
    """Numbers of two objects and what joins them: "on", "in", "under", "next to", …."""

    subject: int
    predicate: str
    object: int


def home_relations(home: Home) -> list[Relation]:
    """Relations that hold from everywhere: on, in, under, and next to (both ways)."""
    held = {}
    for one in home.objects:
        support = _support(home, one)
        if support is not None:
            held[one.number] = support
    relations = [
        Relation(number, "in" if home.objects[on].is_container else "on", on)
        for number, on in held.items()
    ]
    for room in range(len(home.plan.rooms)):
        inside = [one for one in home.objects if one.room == room]
        for a in inside:
            for b in inside:
                if a.number == b.number:
                    continue
                if _is_under(a, b) and held.get(b.number) != a.number:
                    relations.append(Relation(a.number, "under", b.number))
                elif held.get(b.number) == a.number or held.get(a.number) == b.number:
                    continue
                elif not _is_under(b, a) and _is_beside(a, b, held):
                    relations.append(Relation(a.number, "next to", b.number))
    return relations


def gap_between(a: HomeObject, b: HomeObject) -> float:
    """Metres between the outlines of two objects on the floor plan."""
    apart = np.maximum(np.maximum(a.low[:2] - b.high[:2], b.low[:2] - a.high[:2]), 0)
    return float(np.hypot(*apart))


def stands_on_floor(one: HomeObject) -> bool:
    """Whether an object reaches the floor; a rug does not count."""
    return bool(one.low[2] < ON_FLOOR and one.high[2] > RUG)


def _overlap(a: HomeObject, boxes: np.ndarray) -> np.ndarray:
    """(boxes,) share of the floor area of an object that lies over or under each box."""
    low, high = np.maximum(a.low[:2], boxes[:, 0, :2]), np.minimum(a.high[:2], boxes[:, 1, :2])
    area = np.prod(a.high[:2] - a.low[:2])
    return np.prod(np.maximum(high - low, 0), axis=1) / area


def _support(home: Home, one: HomeObject) -> int | None:
    """What an object lies on or in."""
    if one.name in FIXED:
        return None
    best, most = None, 0.3
    for other in home.objects:
        if other.number == one.number or other.room != one.room:
            continue
        boxes = other.part_boxes
        heights = one.low[2] - boxes[:, 1, 2]
        share = _overlap(one, boxes) * (np.abs(heights) < TOUCH)
        if other.high[2] < RUG:
            share = share * stands_on_floor(one)
        elif one.low[2] < RUG:
            continue
        if share.max() > most:
            best, most = other.number, float(share.max())
        elif other.is_container and _is_inside(one, other):
            return other.number
    return best


def _is_inside(one: HomeObject, other: HomeObject) -> bool:
    middle = (one.low + one.high)[:2] / 2
    within = (middle > other.low[:2]).all() and (middle < other.high[:2]).all()
    return bool(within and other.low[2] - 0.01 <= one.low[2] < other.high[2] - TOUCH)


def _is_under(a: HomeObject, b: HomeObject) -> bool:
    boxes = b.part_boxes
    covers = (boxes[:, 0, 2] > a.high[2] - 0.01) & (boxes[:, 0, 2] < COVER)
    return bool(a.low[2] < ON_FLOOR and (_overlap(a, boxes)[covers] > 0.3).any())


def _is_beside(a: HomeObject, b: HomeObject, held: dict[int, int]) -> bool:
    if stands_on_floor(a) and stands_on_floor(b):
        return gap_between(a, b) < BESIDE
    same = a.number in held and held[a.number] == held.get(b.number)
    return same and abs(a.low[2] - b.low[2]) < TOUCH and gap_between(a, b) < BESIDE_SMALL
