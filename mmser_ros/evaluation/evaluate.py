# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Caption a split of a data set and score the captions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.evaluation.meteor import Meteor, has_meteor, running_meteor
from mmser_ros.evaluation.metrics import score
from mmser_ros.evaluation.structure import score_structure

Progress = Callable[[Iterable, str, int], Iterable]
BATCH = 32
logger = logging.getLogger(__name__)


class CaptionedPictures(Protocol):
    """Pictures with human captions, such as `training.datasets.Flickr8k`."""

    captions: dict[str, list[str]]
    """Picture name → its captions."""
    corrupt: list[str]
    """Names of pictures that could not be decoded, so far."""

    def pictures(self) -> Iterator[tuple[str, np.ndarray | None]]:
        """Names and (height, width, 3) uint8 RGB pictures, None for a corrupt one."""
        ...


def evaluate(
    captioner: Captioner,
    data: CaptionedPictures,
    *,
    passes: Sequence[int] = (1,),
    beams: int = 1,
    limit: int | None = None,
    progress: Progress = lambda items, description, total: items,
) -> dict[str, Any]:
    """Score a captioner on a split, for each number of passes.

    Args:
        captioner: what to score.
        data: pictures and their references; corrupt pictures are left out and named.
        passes: the numbers of passes to score.
        beams: 1 is greedy.
        limit: only the first so many pictures.
        progress: wraps an iterable with a description and a total.

    Returns:
        `{"n": pictures, "model": …, "beams": …, "corrupt": [names],
        "passes": {"1": {"BLEU-1": …, …, "CIDEr": …, "CHAIR-i": …, …, "confidence": mean}}}`.

    Raises:
        MetricError: there is nothing to score.
        MeteorError: see there.
    """
    total = len(data.captions) if limit is None else min(limit, len(data.captions))
    captions: dict[int, dict[str, str]] = {number: {} for number in passes}
    confidences: dict[int, list[float]] = {number: [] for number in passes}
    pictures = progress(first(data.pictures(), total), "captions", total)
    for names, images in batches(pictures):
        looks = captioner.looks(images, passes=max(passes), beams=beams)
        for number, answers in enumerate(looks, start=1):
            if number in captions:
                texts = [answer.text for answer in answers]
                captions[number].update(zip(names, texts, strict=True))
                confidences[number] += [answer.confidence for answer in answers]
    said = captions[passes[0]]
    references = {name: data.captions[name] for name in said}
    with _meteor() as meteor:
        scores = {
            str(number): {
                **score(captions[number], references, meteor),
                **score_structure(captions[number], references),
                "confidence": float(np.mean(confidences[number])),
            }
            for number in passes
        }
    return {
        "n": len(said),
        "model": captioner.name,
        "beams": beams,
        "corrupt": sorted(set(data.corrupt)),
        "passes": scores,
    }


def _meteor() -> AbstractContextManager[Meteor | None]:
    if has_meteor():
        return running_meteor()
    logger.warning("METEOR is left out, it needs a Java: pip install '.[meteor]'")
    return nullcontext()


def first(pictures: Iterable, count: int) -> Iterator:
    """Yield no more than so many."""
    yield from (picture for picture, _ in zip(pictures, range(count), strict=False))


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
