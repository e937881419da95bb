# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ten things of a home to go to, as a person would ask for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmser_ros.evaluation.house.graph_scores import SIMILAR
from mmser_ros.evaluation.house.reference import Reference
from mmser_ros.language.interfaces import Words
from mmser_ros.simulation.description.wording import COLOURLESS, SAID_COLOURS
from mmser_ros.simulation.home.home import Home, HomeObject

NOT_ASKED = frozenset({"door", "window", "curtain", "rug", "counter"})
"""Kinds that nobody is sent to."""


@dataclass(frozen=True)
class Errand:
    """Something to go to.

    Attributes:
        text: "the red mug", "the lamp in the bedroom".
        objects: numbers of the objects that it describes; any of them is right.
    """

    text: str
    objects: tuple[int, ...]


def errands(
    home: Home,
    reference: Reference,
    words: Words,
    *,
    count: int,
    seed: int,
    can_be_reached: Callable[[tuple[int, ...]], bool],
) -> list[Errand]:
    """Choose things of the reference, of different kinds as far as there are enough.

    An object is asked for by its name if there is one of it; else with its colour or its room, if
    that tells it apart; else any like it is right.
    """
    random = np.random.default_rng([home.seed, seed, 7])
    asked = [
        home.objects[number]
        for number in sorted(reference.objects)
        if home.objects[number].name not in NOT_ASKED
    ]
    order = [asked[index] for index in random.permutation(len(asked)).tolist()]
    seen: dict[str, int] = {}
    ranked = []
    for place, one in enumerate(order):
        seen[one.name] = seen.get(one.name, 0) + 1
        ranked.append((seen[one.name], place, one))
    chosen: dict[str, Errand] = {}
    for _, _, one in sorted(ranked, key=lambda each: each[:2]):
        errand = _errand(home, one, words)
        if errand.text not in chosen and can_be_reached(errand.objects):
            chosen[errand.text] = errand
        if len(chosen) == count:
            break
    return list(chosen.values())


def _errand(home: Home, one: HomeObject, words: Words) -> Errand:
    alike = [other for other in home.objects if words.similarity(other.name, one.name) >= SIMILAR]
    room = home.plan.rooms[one.room].name
    coloured = [other for other in alike if _said(other.colour) == _said(one.colour)]
    near = [other for other in alike if home.plan.rooms[other.room].name == room]
    colour = "" if one.name in COLOURLESS else f"{one.colour} "
    options = [(f"the {one.name}", alike), (f"the {one.name} in the {room}", near)]
    if colour:
        both = [other for other in coloured if other in near]
        options.insert(1, (f"the {colour}{one.name}", coloured))
        options.append((f"the {colour}{one.name} in the {room}", both))
    best = min(options, key=lambda option: len(option[1]))
    return Errand(best[0], tuple(other.number for other in best[1]))


def _said(colour: str) -> str:
    """The common word for a colour: a person may say brown for tan."""
    return SAID_COLOURS.get(colour, colour)
