# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The main objects of a view: what a person would say, by size and nearness to the middle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mmser_ros.core.types import Camera, Region
from mmser_ros.simulation.home.ground_truth import GroundTruth, VisibleObject

SMALLEST = 0.002
"""Share of the image from which a person makes out a thing."""
MOSTLY_HIDDEN = 0.85
"""Share of an object that others hide from which nobody says it."""
LESS_SAID = {"door": 0.6, "window": 0.7, "rug": 0.7, "curtain": 0.6, "clock": 0.8, "picture": 0.8}
"""Factor for what is part of every room."""
TASTE = 0.25
"""Standard deviation of the logarithm of what people find worth saying."""
SAME_DEPTH, SAME_PLACE = 0.9, 2.2
"""Metres in depth and across within which a person says "two chairs"."""


@dataclass(frozen=True)
class Group:
    """Objects of one kind that a person says together.

    Attributes:
        members: of `GroundTruth.objects`.
        region: that holds them all.
    """

    members: tuple[VisibleObject, ...]
    region: Region

    @property
    def numbers(self) -> frozenset[int]:
        """Their numbers in the home."""
        return frozenset(one.number for one in self.members)

    @property
    def name(self) -> str:
        """Of their kind."""
        return self.members[0].name

    @property
    def colour(self) -> str:
        """Of all of them; empty if they differ."""
        colours = {one.colour for one in self.members}
        return colours.pop() if len(colours) == 1 else ""

    @property
    def material(self) -> str | None:
        """Of all of them, if a person would say it."""
        materials = {one.material for one in self.members}
        return materials.pop() if len(materials) == 1 else None


def main_groups(truth: GroundTruth, camera: Camera, random: np.random.Generator) -> list[Group]:
    """The groups that people may say of a view, the most striking first."""
    scored = []
    for group in _groups(truth, camera):
        best = max(striking(one, camera) for one in group.members)
        scored.append((best * math.exp(TASTE * random.normal()), group))
    return [group for _, group in sorted(scored, key=lambda one: -one[0])]


def is_sayable(one: VisibleObject, camera: Camera) -> bool:
    """Whether a person makes out an object in a view."""
    share = one.pixels / (camera.width * camera.height)
    return share >= SMALLEST and one.hidden < MOSTLY_HIDDEN


def striking(one: VisibleObject, camera: Camera) -> float:
    """How much an object strikes: it grows with its size and falls towards the edge; 0 to 1."""
    share = one.pixels / (camera.width * camera.height)
    x = (one.region.x + one.region.width / 2 - camera.cx) / camera.width
    y = (one.region.y + one.region.height / 2 - camera.cy) / camera.height
    middle = 1 - 0.6 * min(1.0, 2 * math.hypot(x, y))
    return share**0.3 * middle * (1 - 0.4 * one.hidden) * LESS_SAID.get(one.name, 1.0)


def _groups(truth: GroundTruth, camera: Camera) -> list[Group]:
    rest = [one for one in truth.objects if is_sayable(one, camera)]
    supports = {one.subject: one.object for one in truth.relations if one.predicate in {"on", "in"}}
    groups = []
    while rest:
        first = rest.pop(0)
        alike = [
            one
            for one in rest
            if one.name == first.name
            and supports.get(one.number) == supports.get(first.number)
            and abs(one.depth - first.depth) < SAME_DEPTH
            and _apart(one, first, camera) < SAME_PLACE
        ]
        rest = [one for one in rest if one not in alike]
        groups.append(Group((first, *alike), _union([first, *alike])))
    return groups


def _apart(a: VisibleObject, b: VisibleObject, camera: Camera) -> float:
    """Metres between the middles of two regions, across the view."""
    pixels = a.region.x + a.region.width / 2 - b.region.x - b.region.width / 2
    return abs(pixels) / camera.fx * (a.depth + b.depth) / 2


def _union(members: list[VisibleObject]) -> Region:
    x0, y0 = min(one.region.x for one in members), min(one.region.y for one in members)
    x1 = max(one.region.x + one.region.width for one in members)
    y1 = max(one.region.y + one.region.height for one in members)
    return Region(x0, y0, x1 - x0, y1 - y0)
