# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pseudo-initial captions: human captions with planted errors like those of a first pass.

MM-SeR (arXiv 2508.21451, section 5.2): 0 to 3 errors of entity, attribute, relation or action; the
style is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Protocol

import numpy as np
import spacy
from spacy.tokens import Doc

from mmser_ros.data.perturbation.substitutions import Lexicon, Place
from mmser_ros.language.spacy_model import new_parser

MOST_ERRORS = 3


@dataclass(frozen=True)
class PlantedError:
    """One planted error.

    Attributes:
        category: one of `substitutions.CATEGORIES`.
        before: the words of the human caption.
        after: the words that replaced them.
    """

    category: str
    before: str
    after: str


@dataclass(frozen=True)
class PseudoInitialCaption:
    """A caption and its planted errors in order; without errors it is the human caption."""

    text: str
    errors: tuple[PlantedError, ...]


class ErrorMaker(Protocol):
    """The interface of makers of errors."""

    def plant(
        self, captions: Sequence[str], counts: Sequence[int], seed: int, skip: int = 0
    ) -> Iterator[PseudoInitialCaption]:
        """Yield each caption with the given number of errors, or with as many as it can have.

        Args:
            captions: human captions.
            counts: number of errors for each caption.
            seed: seed of the errors; each caption draws from (seed, its number).
            skip: number of captions to leave out at the beginning; the others do not change.
        """
        ...


def pseudo_initial_captions(
    captions: Sequence[str], maker: ErrorMaker, each: int = 3, seed: int = 0, skip: int = 0
) -> Iterator[tuple[str, PseudoInitialCaption]]:
    """Yield `each` pseudo-initial captions of every caption, with the caption.

    Each has 0 to 3 errors, drawn uniformly, or as many as the caption can have. The first `skip`
    are left out; the others do not change.
    """
    repeated = [caption for caption in captions for _ in range(each)]
    counts = np.random.default_rng(seed).integers(0, MOST_ERRORS + 1, len(repeated)).tolist()
    yield from zip(repeated[skip:], maker.plant(repeated, counts, seed, skip), strict=True)


class LexiconErrorMaker:
    """Replaces words by others of their group; it is fast, offline and deterministic.

    The syntax of a parser decides which words can be replaced. A word that is already in the
    caption is not planted.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    @cached_property
    def _parser(self) -> spacy.Language:
        return new_parser("lemmatizer")

    def plant(
        self, captions: Sequence[str], counts: Sequence[int], seed: int, skip: int = 0
    ) -> Iterator[PseudoInitialCaption]:
        """Yield each caption with the given number of errors, or fewer; see ErrorMaker."""
        runs = [(caption, len(list(run))) for caption, run in groupby(captions[skip:])]
        parsed = self._parser.pipe((caption for caption, _ in runs), batch_size=256)
        docs = (doc for doc, (_, times) in zip(parsed, runs, strict=True) for _ in range(times))
        for number, (doc, count) in enumerate(zip(docs, counts[skip:], strict=True), start=skip):
            yield self._plant(doc, int(count), np.random.default_rng([seed, number]))

    def _plant(self, doc: Doc, count: int, random: np.random.Generator) -> PseudoInitialCaption:
        places = list(self._lexicon.places(doc))
        planted: list[tuple[Place, str]] = []
        present = set(doc.text.lower().replace("grey", "gray").split())
        while places and len(planted) < count:
            # The category is drawn first, because most places are entities.
            categories = sorted({place.category for place in places})
            category = categories[random.integers(len(categories))]
            some = [place for place in places if place.category == category]
            place = some[random.integers(len(some))]
            fresh = sorted(set(place.instead) - present)
            places.remove(place)
            if fresh:
                word = fresh[random.integers(len(fresh))]
                planted.append((place, word))
                present.add(word)
                places = [p for p in places if p.end <= place.start or p.start >= place.end]
        text = doc.text
        errors = []
        for place, word in sorted(planted, key=lambda one: -one[0].start):
            before = text[place.start : place.end]
            after = word.capitalize() if before[0].isupper() and place.start == 0 else word
            text = _with_article(text[: place.start], after) + text[place.end :]
            errors.append(PlantedError(place.category, before, after))
        return PseudoInitialCaption(text, tuple(reversed(errors)))


def _with_article(before: str, word: str) -> str:
    """Put a word after a text whose last word may be "a" or "an"."""
    head, _, last = before.rstrip().rpartition(" ")
    if last.lower() in ("a", "an"):
        article = last[0] + ("n" if word[0].lower() in "aeiou" else "")
        before = f"{head} {article} " if head else f"{article} "
    return before + word
