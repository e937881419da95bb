# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Views of simulated homes with the annotations of a set of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmser_ros.data.perturbation.perturb import MOST_ERRORS, ErrorMaker, PseudoInitialCaption
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.simulation.description.describe import Style, describe
from mmser_ros.simulation.description.main_objects import is_sayable
from mmser_ros.simulation.description.wording import COLOURLESS, PAIRS, ROWS, with_article
from mmser_ros.simulation.home.ground_truth import GroundTruth, Truth
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.home.viewpoints import varied_view
from mmser_ros.simulation.home.views import Viewer, default_camera

SCENES = {"hallway": "corridor", "laundry room": "laundromat"}
"""Scenes of config/lexicon/room_words.yaml that have another name."""
SIMILAR = 0.6
"""Similarity of two words from which a planted word may name the same object."""
ATTEMPTS = 4
"""Draws of planted errors until all of them are false."""


@dataclass(frozen=True)
class HomeView:
    """An image of a home and what its set says of it.

    Attributes:
        name: file name.
        image: (height, width, 3) uint8 RGB.
        captions: true ones.
        labels: {scene, objects with boxes} if the view tells the room; else None.
        objects: names of the visible objects, the largest first.
        phrases: true noun phrases, some with a relation.
        colours: of the objects.
    """

    name: str
    image: np.ndarray
    captions: tuple[str, ...]
    labels: dict[str, Any] | None
    objects: tuple[str, ...]
    phrases: tuple[str, ...]
    colours: frozenset[str]


def home_views(
    home: Home,
    count: int,
    *,
    captions: int = 5,
    style: Style = "short",
    width: int = 320,
    attributes: bool = True,
) -> Iterator[HomeView]:
    """Yield views of a home from random poses, room by room.

    Args:
        home: to look at.
        count: number of views.
        captions: of each view, with as many seeds.
        style: of the captions.
        width: of the images, in pixels; the height is three quarters of it.
        attributes: whether captions may name colours and materials.
    """
    scene, camera, truth = build_scene(home), default_camera(width, width * 3 // 4), Truth(home)
    random = np.random.default_rng([home.seed, 11])
    with Viewer(scene, camera) as viewer:
        for number in range(count):
            pose = varied_view(scene, number % len(home.plan.rooms), camera, random)
            if pose is None:
                continue
            facts = truth.of(camera, pose, viewer.numbers(pose))
            seeds = random.integers(2**31, size=captions).tolist()
            said = [
                describe(home, facts, camera, pose, style=style, seed=one, attributes=attributes)
                for one in seeds
            ]
            sayable = [one for one in facts.objects if is_sayable(one, camera)]
            boxes = [
                [one.name, *(round(side) for side in (
                    one.region.x, one.region.y, one.region.x + one.region.width,
                    one.region.y + one.region.height,
                ))]
                for one in sayable
            ]  # fmt: skip
            room = said[0].room
            labels = {"scene": SCENES.get(room, room), "objects": boxes} if room and boxes else None
            yield HomeView(
                f"home{home.seed:05d}_{number:03d}.webp",
                viewer.image(pose),
                tuple(one.text for one in said),
                labels,
                tuple(dict.fromkeys(one.name for one in sayable)),
                tuple(_phrases(facts, {one.number for one in sayable})),
                frozenset(one.colour for one in sayable),
            )


def _phrases(facts: GroundTruth, sayable: set[int]) -> Iterator[str]:
    """True noun phrases: "a red mug", and "a red mug on a table"."""
    named = {}
    for one in facts.objects:
        if one.number in sayable:
            colour = "" if one.name in COLOURLESS else f"{one.colour} "
            several = one.name in PAIRS | ROWS
            named[one.number] = colour + one.name if several else with_article(colour + one.name)
    yield from dict.fromkeys(named.values())
    held = [one for one in facts.relations if one.predicate in {"on", "in", "under"}]
    for subject, predicate, other in held:
        if {subject, other} <= named.keys():
            yield f"{named[subject]} {predicate} {named[other]}"


class FalseCaptions:
    """Pseudo-initial captions of views: their planted errors are not true of the view.

    Args:
        maker: plants errors.
        seed: of their choice.
    """

    def __init__(self, maker: ErrorMaker, seed: int) -> None:
        self._maker, self._seed, self._words = maker, seed, Taxonomy()

    def of(self, view: HomeView, captions: Sequence[str]) -> list[PseudoInitialCaption]:
        """One for each caption of a view, with 0 to 3 errors, or as many as it can have."""
        random = np.random.default_rng([self._seed, *view.name.encode()])
        counts = random.integers(0, MOST_ERRORS + 1, len(captions)).tolist()
        made = [PseudoInitialCaption(one, ()) for one in captions]
        waiting = list(range(len(captions)))
        for _ in range(ATTEMPTS):
            seed = int(random.integers(2**31))
            texts, wanted = [captions[one] for one in waiting], [counts[one] for one in waiting]
            planted = list(self._maker.plant(texts, wanted, seed))
            for number, one in zip(waiting, planted, strict=True):
                if all(not self._is_true(error.after, view) for error in one.errors):
                    made[number] = one
            waiting = [one for one in waiting if counts[one] and not made[one].errors]
        return made

    def _is_true(self, planted: str, view: HomeView) -> bool:
        words = (planted.lower(), "grey" if planted == "gray" else planted)
        return any(one in view.colours for one in words) or any(
            self._words.similarity(planted, name) >= SIMILAR for name in view.objects
        )
