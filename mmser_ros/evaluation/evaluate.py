# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption sets of pictures, and score the captions per set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from mmser_ros.captioner.protocol import CaptionModel
from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.evaluation.bootstrap import Figure, difference
from mmser_ros.evaluation.calibration_error import Reliability
from mmser_ros.evaluation.right import judge_captions
from mmser_ros.evaluation.scoring import Judge

Progress = Callable[[Iterable, str, int], Iterable]
BATCH = 32


class CaptionedPictures(Protocol):
    """Pictures with human captions, such as a `PictureSet` or `datasets.Flickr8k`."""

    @property
    def captions(self) -> dict[str, list[str]]:
        """Picture name → its captions."""
        ...

    def pictures(self) -> Iterator[tuple[str, np.ndarray | None]]:
        """Names and (height, width, 3) uint8 RGB pictures, None for a corrupt one."""
        ...


@dataclass(frozen=True)
class ConfidentCaption:
    """A caption and its confidence, 0 to 1; None if there is none."""

    text: str
    confidence: float | None = None


SetCaptions = Mapping[str, Mapping[str, ConfidentCaption]]
"""Set → picture → caption."""


def caption_sets(
    captioner: CaptionModel,
    sets: Sequence[PictureSet],
    *,
    passes: Sequence[int] = (1,),
    beams: int = 1,
    progress: Progress = lambda items, description, total: items,
) -> dict[str, dict[str, dict[str, ConfidentCaption]]]:
    """Caption sets of pictures; corrupt pictures are left out, and listed in the set's `corrupt`.

    Args:
        captioner: the captioner.
        sets: the pictures.
        passes: the numbers of passes to return captions for.
        beams: 1 decodes greedily, more use beam search.
        progress: wraps an iterable with a description and a total.

    Returns:
        Number of passes, as text → set → picture → caption.
    """
    captions: dict[str, dict[str, dict[str, ConfidentCaption]]] = {
        str(number): {one.name: {} for one in sets} for number in passes
    }
    for one in sets:
        pictures = progress(one.pictures(), f"captions of {one.name}", len(one.examples))
        for names, images in batches(pictures):
            passes_made = captioner.caption_passes(images, passes=max(passes), beams=beams)
            for number, answers in enumerate(passes_made, start=1):
                if number in passes:
                    captions[str(number)][one.name].update(
                        (name, ConfidentCaption(answer.text, answer.confidence))
                        for name, answer in zip(names, answers, strict=True)
                    )
    return captions


def score_sets(
    judge: Judge, sets: Sequence[PictureSet], captions: Mapping[str, SetCaptions], kind: str
) -> dict[str, Any]:
    """Score captions per set, and compare each captioner with the first one.

    Args:
        judge: from `scoring.judging`.
        sets: pictures with annotations.
        captions: captioner, such as a number of passes → its captions, for the same pictures.
        kind: what the captioners differ in, such as `passes`; a key of the result.

    Returns:
        Set → `{"n": pictures, "corrupt": [names], kind: {captioner: {measure: value}},
        "intervals": {captioner: {measure: [low, high]}}, "differences": {captioner: {measure:
        {"value": …, "low": …, "high": …}}}}`. The 95 % intervals are by
        `bootstrap`, for means and ratios over pictures only. Differences are to the first
        captioner.

    Raises:
        MetricError: there is nothing to score.
    """
    return {one.name: _score_set(judge, one, captions, kind) for one in sets}


def _score_set(
    judge: Judge, pictures: PictureSet, captions: Mapping[str, SetCaptions], kind: str
) -> dict[str, Any]:
    figures = {
        label: _figures(judge, pictures, some[pictures.name]) for label, some in captions.items()
    }
    first, *others = figures
    return {
        "n": len(captions[first][pictures.name]),
        "corrupt": sorted(set(pictures.corrupt)),
        kind: {
            label: {measure: figure.value for measure, figure in some.items()}
            for label, some in figures.items()
        },
        "intervals": {
            label: {
                measure: list(interval)
                for measure, figure in some.items()
                if (interval := figure.interval())
            }
            for label, some in figures.items()
        },
        "differences": {
            label: {
                measure: asdict(change)
                for measure, figure in figures[label].items()
                if measure in figures[first]
                and (change := difference(figures[first][measure], figure))
            }
            for label in others
        },
    }


def _figures(
    judge: Judge, pictures: PictureSet, captions: Mapping[str, ConfidentCaption]
) -> dict[str, Figure]:
    texts = {name: one.text for name, one in captions.items()}
    figures = judge.figures(texts, pictures.examples)
    confidences = [one.confidence for one in captions.values() if one.confidence is not None]
    if len(confidences) == len(captions):
        figures["confidence"] = Figure.mean(confidences)
        right = judge_captions(judge, texts, pictures.examples)
        sure = [captions[name].confidence for name in right]
        if right:
            scores = Reliability(np.array(sure, float), np.array([*right.values()], bool)).scores()
            figures |= {f"confidence {name}": Figure(value) for name, value in scores.items()}
    return figures


def batches(pictures: Iterable) -> Iterator[tuple[list[str], list[np.ndarray]]]:
    """Yield names and pictures of up to BATCH; corrupt ones are left out."""
    names: list[str] = []
    images: list[np.ndarray] = []
    for name, image in pictures:
        if image is None:
            continue
        names.append(name)
        images.append(image)
        if len(names) == BATCH:
            yield names, images
            names, images = [], []
    if names:
        yield names, images
