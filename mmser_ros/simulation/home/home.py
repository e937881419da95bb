# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A home: its plan, how its rooms look, and its objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmser_ros.simulation.home.designs.kinds import KINDS
from mmser_ros.simulation.home.floor_plan import FloorPlan
from mmser_ros.simulation.home.materials import describe
from mmser_ros.simulation.home.shapes import Part, extents
from mmser_ros.simulation.home.split import Split


@dataclass(frozen=True)
class HomeObject:
    """A thing, a piece of furniture, a door or a window.

    Attributes:
        number: its index in `Home.objects`.
        name: the word for it.
        material: of its main part, as in `materials.py`.
        variant: number of its design.
        texture: variant number of its textures.
        room: number of its room.
        parts: in the frame of the home.
    """

    number: int
    name: str
    material: str
    variant: int
    texture: int
    room: int
    parts: tuple[Part, ...]

    @property
    def colour(self) -> str:
        """Of its main part."""
        return describe(self.material)[0]

    @property
    def material_word(self) -> str | None:
        """Such as "wooden", if a person would say it."""
        return describe(self.material)[1]

    @property
    def is_container(self) -> bool:
        """Whether things lie in it rather than on it."""
        return self.name in KINDS and KINDS[self.name].container

    @cached_property
    def part_boxes(self) -> np.ndarray:
        """(parts, 2, 3): lowest and highest corner of each part, in metres."""
        return np.array([extents([part]) for part in self.parts])

    @cached_property
    def low(self) -> np.ndarray:
        """Lowest corner (3,), in metres."""
        return self.part_boxes[:, 0].min(0)

    @cached_property
    def high(self) -> np.ndarray:
        """Highest corner (3,), in metres."""
        return self.part_boxes[:, 1].max(0)


@dataclass(frozen=True)
class RoomStyle:
    """Surfaces and light of a room.

    Attributes:
        floor: material.
        wall: material.
        texture: variant number of both.
        light: RGB of the ceiling lamp, 0 to 1.
    """

    floor: str
    wall: str
    texture: int
    light: tuple[float, float, float]


@dataclass(frozen=True)
class Home:
    """A furnished home.

    Attributes:
        plan: rooms, doors and windows.
        styles: of the rooms.
        objects: by number.
        seed: that it was made from.
        split: what its variants are for.
        daylight: 0 (night) to 1.
    """

    plan: FloorPlan
    styles: tuple[RoomStyle, ...]
    objects: tuple[HomeObject, ...]
    seed: int = 0
    split: Split = Split.TRAIN
    daylight: float = 1.0
