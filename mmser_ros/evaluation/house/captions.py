# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the captions of a robot come from, and scores of captions against the truth of a view."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mmser_ros.captioner.protocol import CaptionModel
from mmser_ros.core.types import Camera, Caption, Pose
from mmser_ros.evaluation.house.graph_scores import SIMILAR, STRUCTURE
from mmser_ros.language.interfaces import Parser, Words
from mmser_ros.simulation.description.describe import Style, describe
from mmser_ros.simulation.exploration.drive import Look
from mmser_ros.simulation.home.ground_truth import GroundTruth
from mmser_ros.simulation.home.home import Home

PERFECT, GLANCE, REFINED = "perfect_captions", "glance", "refined"
REFERENCES = 5
"""True captions of a view that CIDEr compares with."""


@dataclass(frozen=True)
class Eyes:
    """Captions of looks, by source.

    Attributes:
        sources: some of PERFECT, GLANCE and REFINED.
        model: makes the glance and the refined caption; None without these sources.
        style: of perfect captions.
        seed: of perfect captions.
    """

    sources: tuple[str, ...]
    model: CaptionModel | None
    style: Style
    seed: int

    def see(self, home: Home, camera: Camera, look: Look, number: int) -> dict[str, Caption]:
        """The caption of each source for a look; `number` counts the looks of a home."""
        said = {}
        if PERFECT in self.sources:
            said[PERFECT] = describe(
                home, look.truth, camera, look.true_pose, style=self.style,
                seed=view_seed(self.seed, home, number),
            ).caption()  # fmt: skip
        if self.model is not None and len(self.sources) > len(said):
            passes = 2 if REFINED in self.sources else 1
            made = list(self.model.caption_passes([look.view.image], passes=passes, ground=True))
            for source, (caption,) in zip((GLANCE, REFINED), made, strict=False):
                if source in self.sources:
                    said[source] = caption
        return said


def references(
    home: Home, camera: Camera, truth: GroundTruth, pose: Pose, number: int
) -> list[str]:
    """True short captions of a look, by other seeds than those of perfect captions."""
    seeds = [view_seed(-1 - one, home, number) for one in range(REFERENCES)]
    return [describe(home, truth, camera, pose, seed=one).text for one in seeds]


def view_seed(seed: int, home: Home, number: int) -> int:
    """A seed for one of some captions of a look."""
    return ((seed + 1000) * 1_000_003 + home.seed) * 10_007 + number


def invented(caption: str, truth: GroundTruth, parser: Parser, words: Words) -> tuple[int, int]:
    """Objects that a caption names, and how many of them are not in the view.

    Rooms, parts of the building and negated mentions don't count. An object is in the view if a
    visible one has a like word.
    """
    named = {
        words.canonical(one.head)
        for one in parser.parse(caption).objects
        if not one.negated and words.kind(one.head) != "place"
    } - STRUCTURE
    visible = {one.name for one in truth.objects}
    wrong = [one for one in named if not _is_like(one, visible, words)]
    return len(named), len(wrong)


def _is_like(word: str, names: Iterable[str], words: Words) -> bool:
    return any(words.similarity(word, name) >= SIMILAR for name in names)
