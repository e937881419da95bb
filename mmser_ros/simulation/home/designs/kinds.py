# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Kinds of objects: what they are made of, where they stand, and how they are built."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmser_ros.simulation.home.shapes import Part

WOODS = ("wood/brown", "wood/tan", "wood/beige", "wood/white", "wood/black")
FABRICS = tuple(
    f"fabric/{one}"
    for one in ("grey", "blue", "red", "green", "beige", "brown", "white", "yellow", "pink")
)
COLOURED = ("red", "blue", "green", "yellow", "orange", "pink", "purple")
CERAMICS = tuple(f"ceramic/{one}" for one in ("white", "blue", "red", "green", "yellow", "black"))
PLASTICS = tuple(
    f"plastic/{one}" for one in ("red", "blue", "green", "yellow", "orange", "pink", "white")
)


class Design:
    """The choices of one variant of a kind: the same number gives the same design."""

    def __init__(self, name: str, variant: int, main: str) -> None:
        self.main = main
        self._random = np.random.default_rng([zlib.crc32(name.encode()), variant])

    def between(self, low: float, high: float) -> float:
        """A measure in metres."""
        return float(self._random.uniform(low, high))

    def pick(self, *options: str) -> str:
        """One of some materials or styles."""
        return str(self._random.choice(options))

    def chance(self, share: float) -> bool:
        """Whether the design has a detail."""
        return bool(self._random.random() < share)

    def count(self, low: int, high: int) -> int:
        """How many of a detail, `high` included."""
        return int(self._random.integers(low, high + 1))


@dataclass(frozen=True)
class Kind:
    """A kind of object.

    Attributes:
        name: the word for it.
        build: makes its parts: x is its width, its back is at +y, its bottom at z = 0.
        materials: it may be made of, in the main.
        front: free depth that it needs before it, in metres.
        container: whether things lie in it, not on it.
    """

    name: str
    build: Callable[[Design], list[Part]]
    materials: tuple[str, ...]
    front: float = 0.0
    container: bool = False

    def make(self, variant: int, material: str) -> list[Part]:
        """The parts of a variant in a material."""
        return self.build(Design(self.name, variant, material))


KINDS: dict[str, Kind] = {}


def kind(
    *materials: str, name: str = "", front: float = 0.0, container: bool = False
) -> Callable[[Callable[[Design], list[Part]]], Callable[[Design], list[Part]]]:
    """Register a builder; its name, with spaces, is the kind's unless `name` is given."""

    def register(build: Callable[[Design], list[Part]]) -> Callable[[Design], list[Part]]:
        word = name or build.__name__.replace("_", " ")
        KINDS[word] = Kind(word, build, materials, front, container)
        return build

    return register
