# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Homes from a seed."""

from __future__ import annotations

import numpy as np

from mmser_ros.simulation.home.clutter import add_clutter
from mmser_ros.simulation.home.designs.kinds import KINDS
from mmser_ros.simulation.home.floor_plan import FloorPlan, make_plan
from mmser_ros.simulation.home.furnishing import Furnisher
from mmser_ros.simulation.home.home import Home, HomeObject, RoomStyle
from mmser_ros.simulation.home.mujoco_gl import SimulatorError
from mmser_ros.simulation.home.openings import opening_parts
from mmser_ros.simulation.home.split import Split

FLOORS = {
    "dry": ("planks/brown", "planks/tan", "planks/beige", "planks/grey", "carpet/beige",
            "carpet/grey", "carpet/slate", "carpet/sage"),
    "wet": ("tiles/white", "tiles/grey", "tiles/beige", "tiles/slate", "tiles/tan", "marble/white"),
    "kitchen": ("tiles/white", "tiles/grey", "tiles/tan", "planks/tan", "planks/brown"),
}  # fmt: skip
WALLS = {
    "dry": ("plaster/white", "plaster/cream", "plaster/beige", "plaster/sky", "plaster/sage",
            "wallpaper/cream", "wallpaper/sage", "wallpaper/sky", "wallpaper/rose",
            "brick/terracotta", "plaster/lemon", "plaster/rose"),
    "wet": ("tiles/white", "tiles/sky", "plaster/white", "tiles/sage", "tiles/cream"),
    "kitchen": ("plaster/white", "plaster/cream", "plaster/lemon", "tiles/white", "brick/tan",
                "plaster/sky"),
}  # fmt: skip
SURFACES = {"bathroom": "wet", "laundry room": "wet", "kitchen": "kitchen"}


def make_home(seed: int, split: Split = Split.TRAIN) -> Home:
    """Make a furnished home; the same seed and split give the same home.

    Args:
        seed: 0 or more.
        split: evaluation has designs and textures that training never shows.

    Examples:
        >>> home = make_home(3)
        >>> sorted({room.name for room in home.plan.rooms})[:3]
        ['bathroom', 'bedroom', 'hallway']
    """
    random = np.random.default_rng([seed, split is Split.EVALUATION])
    plan = make_plan(random)
    amount = float(random.uniform(0.7, 1.8))
    objects: list[HomeObject] = []
    for number in range(len(plan.rooms)):
        furnisher = Furnisher(plan, number, random, split)
        furnisher.furnish()
        add_clutter(furnisher, amount)
        for one in furnisher.placed:
            objects.append(
                HomeObject(len(objects), one.name, one.material, one.variant, one.texture, number,
                           tuple(one.parts))
            )  # fmt: skip
    wood = str(random.choice(["paint/white", "wood/white", "wood/brown", "wood/tan"]))
    texture = int(random.choice(split.variants()))
    for opening in plan.openings:
        for name, parts in opening_parts(plan, opening, wood):
            objects.append(
                HomeObject(len(objects), name, wood, 0, texture, opening.rooms[-1], tuple(parts))
            )
    daylight = float(random.choice([1.0, 0.8, 0.6, 0.15], p=[0.4, 0.25, 0.2, 0.15]))
    return Home(plan, _styles(plan, random, split), tuple(objects), seed, split, daylight)


def check_split(home: Home) -> None:
    """Check that a home has only designs and textures of its split.

    Raises:
        SimulatorError: it has others.
    """
    allowed = set(home.split.variants())
    used = {style.texture for style in home.styles} | {one.texture for one in home.objects}
    used |= {one.variant for one in home.objects if one.name in KINDS}
    if used - allowed:
        msg = f"home {home.seed} is for {home.split.value} and has the variants "
        msg += f"{sorted(used - allowed)}; expected only {sorted(allowed)}"
        raise SimulatorError(msg)


def _styles(plan: FloorPlan, random: np.random.Generator, split: Split) -> tuple[RoomStyle, ...]:
    styles = []
    for room in plan.rooms:
        surface = SURFACES.get(room.name, "dry")
        warmth, power = random.uniform(0, 1), random.uniform(0.75, 1.05)
        light = power * np.array([1.0, 0.97 - 0.1 * warmth, 0.94 - 0.25 * warmth])
        styles.append(
            RoomStyle(
                str(random.choice(FLOORS[surface])),
                str(random.choice(WALLS[surface])),
                int(random.choice(split.variants())),
                (float(light[0]), float(light[1]), float(light[2])),
            )
        )
    return tuple(styles)
