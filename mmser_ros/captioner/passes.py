# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pass after pass over pictures whose features are computed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.confidence import calibrated
from mmser_ros.captioner.decoding.beam_search import beam_search
from mmser_ros.captioner.decoding.greedy import Decoded, Prompt, greedy, pad
from mmser_ros.captioner.model.language_model import clean
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels, crops, fit_square
from mmser_ros.captioner.model.word_detector import Detected
from mmser_ros.captioner.model.word_prompt import word_prompt
from mmser_ros.core.types import Caption
from mmser_ros.language.word_finder import WordFinder

AT_ONCE = 6
"""Crops encoded at once: their features stay in the processor's cache."""


@dataclass(frozen=True)
class Look:
    """A pass over several pictures: their captions, and what these were made of.

    Attributes:
        captions: one a picture.
        said: their tokens and probabilities.
        before: tokens of the captions that the pass looked at, None for the glance.
        levels: features of the pictures.
        words: ids of the words that each picture was prompted with; None without a detector.
    """

    captions: list[Caption]
    said: list[Decoded]
    before: list[list[int]] | None
    levels: Levels
    words: list[list[int]] | None = None


@torch.inference_mode()
def looks(
    specialist: Specialist,
    tokenizer: Tokenizer,
    images: Sequence[np.ndarray],
    *,
    dtype: torch.dtype,
    passes: int,
    beams: int,
    initials: Sequence[str] | None = None,
) -> Iterator[Look]:
    """Look at pictures so many times, each time at what was said the time before.

    Args:
        specialist: what looks.
        tokenizer: its vocabulary.
        images: (height, width, 3) uint8 RGB.
        dtype: of the features.
        passes: to make.
        beams: 1 is greedy.
        initials: captions from elsewhere in place of the glance, which is not yielded then.
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
    told = [word_ids(tokenizer, one.words) for one in detected]
    words = pad(told, specialist.device) if told else None
    times = {"encode": 1e3 * (perf_counter() - start)}
    texts = list(initials or [])
    longest = config.max_caption_tokens
    tokens = [tokenizer.encode(clean(one), add_special_tokens=False).ids[:longest] for one in texts]
    first = texts
    glances: list[Caption] = []
    for number in range(1 if initials is None else 2, passes + 1):
        begun = perf_counter()
        before = tokens if number > 1 else None
        if number == 1:
            decoded = _decode(
                specialist, specialist.prompt(specialist.glance(levels), words=words), beams
            )
        else:
            if config.ser_connector and config.ser_connector.mirror and len(views) == 1:
                views.append(specialist.encode(pixels.flip(3), dtype))
            initial = pad(tokens, specialist.device)
            foreign = initials is not None and any(tokens)
            prompt = specialist.look_again(views, *initial, foreign=foreign, words=words)
            draft = tokens[0] if len(tokens) == 1 else None
            decoded = _decode(specialist, prompt, beams, draft)
        tokens = [one.tokens for one in decoded]
        texts = [tokenizer.decode(one).strip() for one in tokens]
        first = first or texts
        now = perf_counter()
        step = "glance" if number == 1 else "refine"
        times[step] = times.get(step, 0.0) + 1e3 * (now - begun)
        times["total"] = 1e3 * (now - start)
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
        captions = _supported(captions, detected) if detected else captions
        glances = captions if number == 1 else glances
        if glances:  # of captions from elsewhere there are no probabilities to calibrate with
            captions = calibrated(config.calibrations, glances, captions)
        captions = _doubted(captions, detected) if detected else captions
        yield Look(captions, decoded, before, levels, told or None)


def word_ids(tokenizer: Tokenizer, words: Sequence[tuple[str, float]]) -> list[int]:
    """Token ids of the prompt that words with their probabilities make."""
    return tokenizer.encode(word_prompt(words), add_special_tokens=False).ids


def to_pixels(squares: Sequence[np.ndarray]) -> torch.Tensor:
    """Square pictures (size, size, 3) as a tower takes them: (batch, 3, size, size) uint8."""
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2)


def _detect(
    specialist: Specialist, images: Sequence[np.ndarray], whole: Levels, dtype: torch.dtype
) -> list[Detected]:
    """What is in pictures, by the features of each whole picture and of its crops."""
    vision = specialist.config.vision
    views = [whole]
    if specialist.config.words and specialist.config.words.crops:
        squares = [
            fit_square(crop, vision.image_size, vision.fit)
            for image in images
            for crop in crops(image)
        ]
        pixels = to_pixels(squares).to(specialist.device)
        parts = [specialist.encode(some, dtype) for some in pixels.split(AT_ONCE)]
        levels = [torch.cat(some) for some in zip(*parts, strict=True)]
        count = len(squares) // len(images)
        views += [tuple(level[number::count] for level in levels) for number in range(count)]
    return specialist.detect(views)


def _supported(captions: Sequence[Caption], detected: Sequence[Detected]) -> list[Caption]:
    """The captions with the probabilities of their words."""
    finder = WordFinder(detected[0].probabilities)
    found = [sorted(finder.find(one.text)) for one in captions]
    return [
        replace(one, support=tuple((word, here.probabilities[word]) for word in words))
        for one, words, here in zip(captions, found, detected, strict=True)
    ]


def _doubted(captions: Sequence[Caption], detected: Sequence[Detected]) -> list[Caption]:
    """The captions, less sure where a picture may have no content."""
    return [
        replace(one, confidence=one.confidence * (1.0 - here.nothing))
        for one, here in zip(captions, detected, strict=True)
    ]


def _decode(
    specialist: Specialist, prompt: Prompt, beams: int, draft: Sequence[int] | None = None
) -> list[Decoded]:
    language, end = specialist.language_model, specialist.end
    longest = specialist.config.max_caption_tokens
    if beams == 1:
        return greedy(language, prompt, end, longest, draft)
    rows = map(prompt.row, range(len(prompt)))
    return [beam_search(language, one, end, longest, beams) for one in rows]
