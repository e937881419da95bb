# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Passes over images: the glance, then refinement; features are computed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.caption_words import CaptionWords
from mmser_ros.captioner.confidence import calibrated
from mmser_ros.captioner.config import SpecialistConfig
from mmser_ros.captioner.decoding.beam_search import beam_search
from mmser_ros.captioner.decoding.greedy import Decoded, greedy
from mmser_ros.captioner.decoding.prompt import Prompt, pad
from mmser_ros.captioner.model.language_model import clean
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels, crops, fit_square
from mmser_ros.captioner.model.word_detector import Detected
from mmser_ros.captioner.model.word_prompt import word_prompt
from mmser_ros.core.types import Caption

CROP_BATCH = 6
"""Crops per batch of the vision tower, so that their features stay in the processor's cache."""


@dataclass(frozen=True)
class Pass:
    """The result of one pass over several images, and what it was made from.

    Attributes:
        captions: one per image.
        decoded: their tokens and log probabilities.
        initial: token ids of the captions that the pass refined, or left; None for the glance.
        levels: features of the images.
        inside: whether each image is of the model's domain, see `Specialist.domain`.
        word_prompts: token ids of each image's word prompt; None without a word detector.
    """

    captions: list[Caption]
    decoded: list[Decoded]
    initial: list[list[int]] | None
    levels: Levels
    inside: list[bool]
    word_prompts: list[list[int]] | None = None


@torch.inference_mode()
def run_passes(
    specialist: Specialist,
    tokenizer: Tokenizer,
    images: Sequence[np.ndarray],
    *,
    dtype: torch.dtype,
    passes: int,
    beams: int,
    initials: Sequence[str] | None = None,
    caption_words: CaptionWords | None = None,
    drafts: bool = True,
    refine_below: float = 1.0,
) -> Iterator[Pass]:
    """Caption images in several passes; each refines the captions of the pass before it.

    Args:
        specialist: the model.
        tokenizer: its vocabulary.
        images: (height, width, 3) uint8 RGB.
        dtype: floating type of the features.
        passes: number of passes.
        beams: 1 decodes greedily, more use beam search.
        initials: captions from elsewhere, in place of the glance, which is not yielded then.
        caption_words: of the model, for the `support` of captions, and to keep them from naming
            improbable words; None: neither.
        drafts: whether a further pass verifies the caption before it; False is for comparisons.
        refine_below: further passes refine captions of a confidence below this only; 1: all.

    Yields:
        What each pass left of all images, until there is nothing to refine.
    """
    config = specialist.config
    start = perf_counter()
    squares = [fit_square(one, config.vision.image_size, config.vision.fit) for one in images]
    pixels = to_pixels(squares).to(specialist.device)
    levels = specialist.encode(pixels, dtype)
    views = [levels]
    detected: list[Detected] = []
    if config.words:
        detected = _detect(specialist, images, levels, dtype)
    prompts = [word_ids(tokenizer, one.words) for one in detected]
    words = pad(prompts, specialist.device) if prompts else None
    inside = [one.inside for one in detected] or [False] * len(images)
    times = {"encode": 1e3 * (perf_counter() - start)}
    first = texts = list(initials or [])
    tokens = [
        tokenizer.encode(clean(one), add_special_tokens=False).ids[: config.max_caption_tokens]
        for one in texts
    ]
    glances: list[Caption] = []
    whole, rows = None, list(range(len(images)))  # what is refined, in all images
    for number in range(1 if initials is None else 2, passes + 1):
        begun = perf_counter()
        initial = tokens if number > 1 else None
        if number == 1:
            bias = caption_words.bias(detected) if caption_words else None
            decoded = _glance(specialist, levels, prompts, bias, inside, beams)
        else:
            if config.ser_connector and config.ser_connector.mirror and len(views) == 1:
                views.append(specialist.encode(pixels.flip(3), dtype))
            external = initials is not None and any(tokens)
            prompt = specialist.refine_prompt(
                views, *pad(tokens, specialist.device), external=external, words=words
            )
            draft = tokens[0] if drafts and len(tokens) == 1 else None
            decoded = _decode(specialist, prompt, beams, draft)
        tokens = [one.tokens for one in decoded]
        texts = [tokenizer.decode(one).strip() for one in tokens]
        first = first or texts
        step = "glance" if number == 1 else "refine"
        times[step] = times.get(step, 0.0) + 1e3 * (perf_counter() - begun)
        times["total"] = 1e3 * (perf_counter() - start)
        captions = [
            Caption(
                text=text,
                initial_text=initial_text,
                confidence=one.confidence,
                refined=number > 1,
                model=config.name,
                passes=number,
                times_ms=dict(times),
                log_probabilities=tuple(one.log_probabilities),
            )
            for text, initial_text, one in zip(texts, first, decoded, strict=True)
        ]
        captions = caption_words.with_support(captions, detected) if caption_words else captions
        glances = captions if number == 1 else glances
        captions = _judged(captions, glances, detected, inside, config)
        made = Pass(captions, decoded, initial, levels, inside, prompts or None)
        whole = _merged(whole, rows, made)
        yield whole
        unsure = _unsure(captions, refine_below)
        if not unsure:
            return
        if len(unsure) < len(captions):
            rows, tokens, first, glances, detected, inside, prompts = _of_rows(
                unsure, rows, tokens, first, glances, detected, inside, prompts
            )
            words = pad(prompts, specialist.device) if prompts else None
            views = [tuple(level[unsure] for level in view) for view in views]
            levels, pixels = views[0], pixels[unsure]


def word_ids(tokenizer: Tokenizer, words: Sequence[tuple[str, float]]) -> list[int]:
    """Token ids of the word prompt for words with their probabilities."""
    return tokenizer.encode(word_prompt(words), add_special_tokens=False).ids


def to_pixels(squares: Sequence[np.ndarray]) -> torch.Tensor:
    """Stack square images (size, size, 3) to pixels (batch, 3, size, size), uint8."""
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2)


def _detect(
    specialist: Specialist, images: Sequence[np.ndarray], whole: Levels, dtype: torch.dtype
) -> list[Detected]:
    """Detect words in images, from features of each whole image and of its crops."""
    vision = specialist.config.vision
    views = [whole]
    if specialist.config.words and specialist.config.words.crops:
        squares = [
            fit_square(crop, vision.image_size, vision.fit)
            for image in images
            for crop in crops(image)
        ]
        pixels = to_pixels(squares).to(specialist.device)
        parts = [specialist.encode(some, dtype) for some in pixels.split(CROP_BATCH)]
        levels = [torch.cat(some) for some in zip(*parts, strict=True)]
        count = len(squares) // len(images)
        views += [tuple(level[number::count] for level in levels) for number in range(count)]
    objects = None
    if seen := specialist.config.objects:
        squares = [fit_square(image, seen.image_size, vision.fit) for image in images]
        objects = specialist.object_tower(to_pixels(squares).to(specialist.device))
    return specialist.detect(views, objects)


def _merged(before: Pass | None, rows: Sequence[int], made: Pass) -> Pass:
    """The pass before, of all images, with what was made of some rows."""
    if before is None:
        return made
    captions, decoded = list(before.captions), list(before.decoded)
    initial = list(before.initial or [one.tokens for one in decoded])
    for number, row in enumerate(rows):
        captions[row], decoded[row] = made.captions[number], made.decoded[number]
        initial[row] = (made.initial or initial)[number]
    return replace(before, captions=captions, decoded=decoded, initial=initial)


def _unsure(captions: Sequence[Caption], refine_below: float) -> list[int]:
    """The rows that are refined further."""
    every = refine_below == 1.0  # a confidence may be 1, too
    return [row for row, one in enumerate(captions) if every or one.confidence < refine_below]


def _of_rows(rows: Sequence[int], *lists: list[Any]) -> list[list[Any]]:
    """Of each list the items of these rows; of an empty one nothing."""
    return [[items[row] for row in rows] if items else [] for items in lists]


def _judged(
    captions: list[Caption],
    glances: Sequence[Caption],
    detected: Sequence[Detected],
    inside: Sequence[bool],
    config: SpecialistConfig,
) -> list[Caption]:
    """Calibrate confidences, and lower those of images that may have no content."""
    if glances:  # captions from elsewhere have no probabilities to calibrate with
        captions = [
            calibrated(config.calibrations_of(inside=flag), *both)
            for flag, *both in zip(inside, glances, captions, strict=True)
        ]
    nothing = [one.nothing for one in detected] or [0.0] * len(captions)
    return [
        replace(one, confidence=one.confidence * (1.0 - share))
        for one, share in zip(captions, nothing, strict=True)
    ]


def _glance(
    specialist: Specialist,
    levels: Levels,
    prompts: Sequence[list[int]],
    bias: torch.Tensor | None,
    inside: Sequence[bool],
    beams: int,
) -> list[Decoded]:
    """Decode the first pass: images of the domain in one batch, others in another."""
    found: dict[int, Decoded] = {}
    for flag in sorted(set(inside)):
        rows = [row for row, one in enumerate(inside) if one == flag]
        words = pad([prompts[row] for row in rows], specialist.device) if prompts else None
        with specialist.domain(inside=flag):
            visual = specialist.glance(tuple(level[rows] for level in levels))
            prompt = specialist.prompt(visual, words=words)
            if bias is not None:
                prompt = replace(prompt, logit_bias=bias[rows].to(visual))
            decoded = _decode(specialist, prompt, beams)
        found |= zip(rows, decoded, strict=True)
    return [found[row] for row in range(len(inside))]


def _decode(
    specialist: Specialist, prompt: Prompt, beams: int, draft: Sequence[int] | None = None
) -> list[Decoded]:
    language, end = specialist.language_model, specialist.end
    longest = specialist.config.max_caption_tokens
    if beams == 1:
        return greedy(language, prompt, end, longest, draft)
    rows = map(prompt.row, range(len(prompt)))
    return [beam_search(language, one, end, longest, beams) for one in rows]
