# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Grounding: the region of the image that each word and each noun phrase comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import cv2
import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.attention import read_attention, token_maps
from mmser_ros.captioner.decoding.greedy import Decoded
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels, visible
from mmser_ros.captioner.model.word_maps import WordMaps
from mmser_ros.captioner.passes import Pass
from mmser_ros.core.types import Caption, GroundedPhrase, Region
from mmser_ros.language.spacy_model import load_parser
from mmser_ros.language.word_finder import longest_ending

FINER = 15
"""Factor by which a map is enlarged before its region is found; odd, so that the peak stays."""
HOT = 0.5
"""Threshold of a region, as a share of the map's peak."""


@dataclass(frozen=True)
class Explanation:
    """The regions of an image that the words of a caption come from.

    Attributes:
        words: of the caption, in order.
        maps: (words, grid, grid); each sums to 1.
        view: the part of the image that the maps cover, in pixels.
        phrases: noun phrases (no pronouns), with their regions in the image.
    """

    words: tuple[str, ...]
    maps: np.ndarray
    view: Region
    phrases: tuple[GroundedPhrase, ...]


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of a text, and the head noun if it is a noun phrase."""

    text: str
    start: int
    end: int
    head: str = ""


def explain(
    specialist: Specialist,
    tokenizer: Tokenizer,
    levels: Levels,
    decoded: Decoded,
    initial: Sequence[int] | None,
    view: Region,
    words: Sequence[int] | None = None,
    *,
    inside: bool = False,
) -> Explanation:
    """Explain a caption of one image.

    Args:
        specialist: the model that made it.
        tokenizer: its vocabulary.
        levels: features of the image, (1, tokens, channels) each.
        decoded: the caption.
        initial: token ids of the caption that was refined; None in the first pass.
        view: the part of the image that the model saw, in pixels.
        words: token ids of the word prompt, if there was one.
        inside: whether the image is of the model's domain.

    Raises:
        ParserError: the parser is not installed.
    """
    with specialist.domain(inside=inside):
        attention = read_attention(specialist, levels, decoded.tokens, initial, words)
    maps = token_maps(attention).cpu().numpy()
    seen = WordMaps(specialist, levels, inside=inside)
    text = tokenizer.decode(decoded.tokens).strip()
    ends = token_ends(tokenizer, decoded.tokens)
    found = list(find_words(text))
    phrases = []
    for span in find_phrases(text):
        tokens = tokens_of(span, ends)
        scores = [decoded.log_probabilities[token] for token in tokens]
        heat = seen.of(span.text, span.head)
        phrases.append(
            GroundedPhrase(
                text=span.text,
                head=span.head,
                confidence=math.exp(sum(scores) / len(scores)),
                region=find_region(maps[tokens].mean(axis=0) if heat is None else heat, view),
            )
        )
    of_words = np.array([maps[tokens_of(span, ends)].mean(axis=0) for span in found])
    of_words = of_words.reshape(len(found), *maps.shape[1:])  # of no word, too
    return Explanation(tuple(span.text for span in found), of_words, view, tuple(phrases))


Explained = list[tuple[Caption, Explanation]]
"""Captions with their phrases, each with the explanation of its words."""


@torch.inference_mode()
def explain_pass(
    specialist: Specialist, tokenizer: Tokenizer, images: Sequence[np.ndarray], one: Pass
) -> Explained:
    """Explain the captions that a pass made of images (height, width, 3).

    Raises:
        ParserError: the parser is not installed.
    """
    begun = perf_counter()
    explanations = [
        explain(
            specialist,
            tokenizer,
            tuple(level[row : row + 1] for level in one.levels),
            one.decoded[row],
            one.initial[row] if one.initial and one.captions[row].refined else None,
            visible(image.shape[1], image.shape[0], specialist.config.vision.fit),
            None if one.word_prompts is None else one.word_prompts[row],
            inside=one.inside[row],
        )
        for row, image in enumerate(images)
    ]
    spent = 1e3 * (perf_counter() - begun)
    return [
        (grounded(caption, explanation, spent), explanation)
        for caption, explanation in zip(one.captions, explanations, strict=True)
    ]


def grounded(caption: Caption, explanation: Explanation, milliseconds: float) -> Caption:
    """Add the phrases of an explanation to its caption, and the milliseconds that it took.

    The confidence of a phrase is the probability of its head noun by the word detector, if that
    knows it.
    """
    times = {**caption.times_ms, "ground": milliseconds}
    times["total"] += milliseconds
    known = dict(caption.support or ())
    words = [longest_ending(one.text, one.head, known) for one in explanation.phrases]
    phrases = [
        one if word is None else replace(one, confidence=known[word])
        for one, word in zip(explanation.phrases, words, strict=True)
    ]
    return replace(caption, phrases=tuple(phrases), times_ms=times)


def token_ends(tokenizer: Tokenizer, tokens: Sequence[int]) -> list[int]:
    """Where each token ends in the decoded text, without the white space at its beginning."""
    texts = [tokenizer.decode(list(tokens[:count])) for count in range(1, len(tokens) + 1)]
    margin = len(texts[-1]) - len(texts[-1].lstrip()) if texts else 0
    return [max(0, len(text) - margin) for text in texts]


def tokens_of(span: Span, ends: Sequence[int]) -> list[int]:
    """Indices of the tokens that a span consists of; `ends` is from `token_ends`."""
    begins = [0, *ends[:-1]]
    pairs = enumerate(zip(begins, ends, strict=True))
    return [number for number, (one, other) in pairs if one < span.end and other > span.start]


def find_words(text: str) -> Iterator[Span]:
    """Yield the words of a text, split at white space."""
    end = 0
    for word in text.split():
        start = text.index(word, end)
        end = start + len(word)
        yield Span(word, start, end)


def find_phrases(text: str) -> Iterator[Span]:
    """Yield the noun phrases of a caption, without pronouns.

    Raises:
        ParserError: the parser is not installed.
    """
    for chunk in load_parser()(text).noun_chunks:
        if chunk.root.pos_ != "PRON":
            yield Span(chunk.text, chunk.start_char, chunk.end_char, chunk.root.lemma_)


def find_region(heat: np.ndarray, view: Region) -> Region:
    """The box around a map's peak: the connected region of at least half the peak's value.

    After Zhou et al., arXiv 1512.04150, section 3.2.

    Args:
        heat: (grid, grid), not negative.
        view: the part of the image that the map covers.

    Returns:
        The box in whole pixels of the image.
    """
    fine = cv2.resize(heat.astype(np.float32), None, fx=FINER, fy=FINER)
    hot = (fine >= HOT * fine.max()).astype(np.uint8)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(hot)
    left, top, width, height = boxes[labels.flat[fine.argmax()], :4] / len(fine)
    x, y = math.floor(view.x + left * view.width), math.floor(view.y + top * view.height)
    right = math.ceil(view.x + (left + width) * view.width)
    bottom = math.ceil(view.y + (top + height) * view.height)
    return Region(x, y, right - x, bottom - y)
