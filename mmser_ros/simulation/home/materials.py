# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Colours with names, and materials: "wood/brown" is a stuff and a colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmser_ros.simulation.home.textures import shades

COLOURS: dict[str, tuple[float, float, float]] = {
    "white": (0.93, 0.92, 0.89), "black": (0.14, 0.14, 0.15), "grey": (0.52, 0.53, 0.55),
    "red": (0.72, 0.13, 0.12), "blue": (0.16, 0.30, 0.62), "green": (0.20, 0.47, 0.24),
    "yellow": (0.90, 0.74, 0.20), "orange": (0.90, 0.47, 0.13), "brown": (0.46, 0.29, 0.17),
    "pink": (0.90, 0.58, 0.64), "purple": (0.42, 0.24, 0.52), "beige": (0.82, 0.73, 0.58),
    "silver": (0.72, 0.74, 0.76), "cream": (0.93, 0.88, 0.76), "tan": (0.68, 0.50, 0.32),
    "sky": (0.72, 0.84, 0.93), "sage": (0.74, 0.80, 0.69), "rose": (0.90, 0.78, 0.75),
    "lemon": (0.94, 0.89, 0.68), "slate": (0.55, 0.60, 0.66),
    "meadow": (0.42, 0.52, 0.34), "terracotta": (0.62, 0.38, 0.30), "glow": (1.0, 0.95, 0.80),
}  # fmt: skip
"""RGB from 0 to 1 of each colour."""
SAID = {"glow": "white", "sky": "blue", "sage": "green", "meadow": "green", "rose": "pink",
        "lemon": "yellow", "slate": "grey", "terracotta": "red"}  # fmt: skip
"""What a person calls a colour that has no common name."""


@dataclass(frozen=True)
class Stuff:
    """How a material looks apart from its colour, and what a person calls it."""

    pattern: str
    specular: float = 0.1
    shininess: float = 0.2
    emission: float = 0.0
    alpha: float = 1.0
    word: str | None = None


STUFF = {
    "paint": Stuff("plain", 0.15, 0.3),
    "wood": Stuff("wood", 0.15, 0.3, word="wooden"),
    "metal": Stuff("plain", 0.6, 0.7, word="metal"),
    "plastic": Stuff("plain", 0.4, 0.5, word="plastic"),
    "ceramic": Stuff("plain", 0.6, 0.8, word="ceramic"),
    "fabric": Stuff("fabric", 0.0, 0.0),
    "carpet": Stuff("carpet", 0.0, 0.0),
    "leather": Stuff("plaster", 0.35, 0.4, word="leather"),
    "marble": Stuff("marble", 0.4, 0.6, word="marble"),
    "wicker": Stuff("fabric", 0.05, 0.1, word="wicker"),
    "glass": Stuff("plain", 0.8, 0.9, alpha=0.35, word="glass"),
    "leaf": Stuff("carpet", 0.1, 0.1),
    "paper": Stuff("plain", 0.0, 0.0),
    "skin": Stuff("plain", 0.3, 0.4),
    "ceiling": Stuff("plain", 0.0, 0.0, emission=0.25),
    "light": Stuff("plain", 0.0, 0.0, emission=0.6),
    "outdoors": Stuff("plain", 0.0, 0.0, emission=0.5),
    "screen": Stuff("plain", 0.7, 0.9),
    "plaster": Stuff("plaster", 0.0, 0.0),
    "wallpaper": Stuff("wallpaper", 0.0, 0.0),
    "brick": Stuff("brick", 0.0, 0.0),
    "tiles": Stuff("tiles", 0.4, 0.6),
    "planks": Stuff("planks", 0.15, 0.3),
}


def describe(material: str) -> tuple[str, str | None]:
    """Colour and, if a person would say it, the material's word of a material."""
    stuff, colour = material.split("/")
    return SAID.get(colour, colour), STUFF[stuff].word


def picture(material: str, variant: int) -> np.ndarray:
    """The texture (SIZE, SIZE, 3) uint8 of a material."""
    stuff, colour = material.split("/")
    light = shades(STUFF[stuff].pattern, variant)[..., None] * COLOURS[colour]
    return (np.clip(light, 0, 1) * 255).astype(np.uint8)
