# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which part of the picture each word and each noun phrase of a caption came from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from tokenizers import Tokenizer

from mmser_ros.captioner.attention import read_attention, token_maps
from mmser_ros.captioner.decoding.greedy import Decoded
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels
from mmser_ros.core.types import Caption, GroundedPhrase, Region
from mmser_ros.language.spacy_model import load_parser

FINER = 15
"""How many times a map is enlarged before a region is cut out of it; odd, to keep its peak."""
HOT = 0.5
"""The share of its peak that a map has everywhere in a region."""


@dataclass(frozen=True)
class Explanation:
    """Where in a picture the words of a caption came from.

    Attributes:
        words: of the caption, in order.
        maps: (words, grid, grid); each sums to 1.
        view: the part of the picture that the maps are of, in pixels.
        phrases: noun phrases, pronouns left out, with their regions in the picture.
    """

    words: tuple[str, ...]
    maps: np.ndarray
    view: Region
    phrases: tuple[GroundedPhrase, ...]


@dataclass(frozen=True)
class Span:
    """A piece of a text: characters start to end, and the head noun of a noun phrase."""

    text: str
    start: int
    end: int
    head: str = ""


def explain(
    specialist: Specialist,
    tokenizer: Tokenizer,
    levels: Levels,
    said: Decoded,
    before: Sequence[int] | None,
    view: Region,
    words: Sequence[int] | None = None,
) -> Explanation:
    """Explain a caption of one picture.

    Args:
        specialist: who said it.
        tokenizer: its vocabulary.
        levels: features of the picture, (1, tokens, channels) each.
        said: the caption.
        before: token ids of the caption that was refined to it; None in a glance.
        view: the part of the picture that the specialist saw, in pixels.
        words: token ids of the words that it was prompted with, if there were any.

    Raises:
        ParserError: the parser is not installed.
    """
    attention = read_attention(specialist, levels, said.tokens, before, words)
    maps = token_maps(attention).cpu().numpy()
    text = tokenizer.decode(said.tokens).strip()
    ends = token_ends(tokenizer, said.tokens)
    found = list(find_words(text))
    phrases = []
    for span in find_phrases(text):
        tokens = tokens_of(span, ends)
        scores = [said.log_probabilities[token] for token in tokens]
        phrases.append(
            GroundedPhrase(
                text=span.text,
                head=span.head,
                confidence=math.exp(sum(scores) / len(scores)),
                region=find_region(maps[tokens].mean(axis=0), view),
            )
        )
    return Explanation(
        words=tuple(span.text for span in found),
        maps=np.array([maps[tokens_of(span, ends)].mean(axis=0) for span in found]).reshape(
            len(found), *maps.shape[1:]
        ),
        view=view,
        phrases=tuple(phrases),
    )


def grounded(caption: Caption, explanation: Explanation, milliseconds: float) -> Caption:
    """A caption with the phrases of its explanation, which took so long."""
    times = {**caption.times_ms, "ground": milliseconds}
    times["total"] += milliseconds
    return replace(caption, phrases=explanation.phrases, times_ms=times)


def token_ends(tokenizer: Tokenizer, tokens: Sequence[int]) -> list[int]:
    """Where each token ends in the text of all, white space at its beginning left out."""
    texts = [tokenizer.decode(list(tokens[:count])) for count in range(1, len(tokens) + 1)]
    margin = len(texts[-1]) - len(texts[-1].lstrip()) if texts else 0
    return [max(0, len(text) - margin) for text in texts]


def tokens_of(span: Span, ends: Sequence[int]) -> list[int]:
    """Numbers of the tokens, ending where they do, that a span is made of."""
    begins = [0, *ends[:-1]]
    pairs = enumerate(zip(begins, ends, strict=True))
    return [number for number, (one, other) in pairs if one < span.end and other > span.start]


def find_words(text: str) -> Iterator[Span]:
    """Yield what stands between white space."""
    end = 0
    for word in text.split():
        start = text.index(word, end)
        end = start + len(word)
        yield Span(word, start, end)


def find_phrases(text: str) -> Iterator[Span]:
    """Yield the noun phrases of a caption; pronouns are none.

    Raises:
        ParserError: the parser is not installed.
    """
    for chunk in load_parser()(text).noun_chunks:
        if chunk.root.pos_ != "PRON":
            yield Span(chunk.text, chunk.start_char, chunk.end_char, chunk.root.lemma_)


def find_region(heat: np.ndarray, view: Region) -> Region:
    """The box around the peak of a map: what is connected with it and at least half as hot.

    After Zhou et al., arXiv 1512.04150, section 3.2.

    Args:
        heat: (grid, grid), none of it negative.
        view: the part of the picture that it is of.

    Returns:
        Whole pixels of the picture.
    """
    fine = cv2.resize(heat.astype(np.float32), None, fx=FINER, fy=FINER)
    hot = (fine >= HOT * fine.max()).astype(np.uint8)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(hot)
    left, top, width, height = boxes[labels.flat[fine.argmax()], :4] / len(fine)
    x, y = math.floor(view.x + left * view.width), math.floor(view.y + top * view.height)
    right = math.ceil(view.x + (left + width) * view.width)
    bottom = math.ceil(view.y + (top + height) * view.height)
    return Region(x, y, right - x, bottom - y)
