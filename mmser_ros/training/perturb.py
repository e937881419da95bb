# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pseudo-initial captions: human captions with planted errors, as a first glance makes them.

MM-SeR (arXiv 2508.21451, section 5.2): 0 to 3 errors among entity, attribute, relation and
action; the style is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import spacy
import yaml
from spacy.tokens import Doc, Token

from mmser_ros.errors import MmserError
from mmser_ros.memory.parsing import PARSER

MOST_ERRORS = 3
CATEGORIES = ("entity", "attribute", "relation", "action")
PARTS_OF_SPEECH = {
    "entity": {"NOUN", "PROPN"},
    "attribute": {"ADJ", "NUM", "NOUN", "PROPN"},
    "relation": {"ADP", "ADV", "ADJ", "NOUN", "SCONJ", "VERB"},
    "action": {"VERB", "AUX"},
}
"""By category, what a word must be for the parser to be taken for one."""


class LexiconError(MmserError):
    """A lexicon that can't be read or makes no sense."""


@dataclass(frozen=True)
class PlantedError:
    """One planted error.

    Attributes:
        category: one of CATEGORIES.
        before: the words of the human caption.
        after: what stands there now.
    """

    category: str
    before: str
    after: str


@dataclass(frozen=True)
class PseudoInitialCaption:
    """A caption and the errors planted in it, in their order; without any it is the human one."""

    text: str
    errors: tuple[PlantedError, ...]


class ErrorMaker(Protocol):
    """What plants errors."""

    def plant(
        self, captions: Sequence[str], counts: Sequence[int], seed: int
    ) -> Iterator[PseudoInitialCaption]:
        """Yield each caption with so many errors, or as many as it has room for."""
        ...


def pseudo_initial_captions(
    captions: Sequence[str], maker: ErrorMaker, each: int = 3, seed: int = 0
) -> Iterator[tuple[str, PseudoInitialCaption]]:
    """Yield `each` pseudo-initial captions of every caption, with the caption.

    Each has 0 to 3 errors, evenly drawn, or as many as the caption has room for.
    """
    repeated = [caption for caption in captions for _ in range(each)]
    counts = np.random.default_rng(seed).integers(0, MOST_ERRORS + 1, len(repeated)).tolist()
    yield from zip(repeated, maker.plant(repeated, counts, seed), strict=True)


@dataclass(frozen=True)
class _Place:
    """Where an error can be planted: characters start to end, and what may stand there."""

    category: str
    start: int
    end: int
    instead: tuple[str, ...]


class Lexicon:
    """Groups of words that exclude each other (see config/lexicon/planted_errors.yaml).

    Raises:
        LexiconError: the file can't be read, or is not of categories, groups and words.
    """

    def __init__(self, path: Path) -> None:
        try:
            groups = yaml.safe_load(path.read_text(encoding="utf-8"))
            rows = [
                (category, [word.split("/") for word in words])
                for category in CATEGORIES
                for words in groups[category].values()
            ]
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            msg = (
                f"{path} is no lexicon ({error!r}); expected {', '.join(CATEGORIES)}, each of "
                "named groups of words (quote those that YAML takes for something else, as on)"
            )
            raise LexiconError(msg) from error
        self.replacements: dict[tuple[str, str], list[str]] = {}
        """(category, words) → words of the same form from all groups that have them."""
        for category, words in rows:
            for word in words:
                for form, text in enumerate(word):
                    others = [one[form] for one in words if one is not word and form < len(one)]
                    self.replacements.setdefault((category, text), []).extend(others)
        self.longest = max(len(text.split()) for _, text in self.replacements)


class LexiconErrorMaker:
    """Swaps words for others of their group; fast, offline, a function of its seed.

    A parser's parts of speech keep a word from being taken for another one ("an orange" is no
    colour, "they park" no place). A word that already stands in the caption is not planted.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    @cached_property
    def _parser(self) -> spacy.Language:
        return spacy.load(PARSER, exclude=["parser", "ner", "lemmatizer"])

    def plant(
        self, captions: Sequence[str], counts: Sequence[int], seed: int
    ) -> Iterator[PseudoInitialCaption]:
        """Yield each caption with so many errors, or as many as it has room for.

        Args:
            captions: human captions.
            counts: how many errors for each.
            seed: of what is planted; each caption draws from (seed, its number).
        """
        docs: Iterable[Doc] = self._parser.pipe(captions, batch_size=256)
        for number, (doc, count) in enumerate(zip(docs, counts, strict=True)):
            yield self._plant(doc, int(count), np.random.default_rng([seed, number]))

    def _plant(self, doc: Doc, count: int, random: np.random.Generator) -> PseudoInitialCaption:
        places = list(self._places(doc))
        planted: list[tuple[_Place, str]] = []
        present = set(doc.text.lower().split())
        while places and len(planted) < count:
            # A category first, or entities would take nearly all.
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
            after = word.capitalize() if before[0].isupper() else word
            text = _with_article(text[: place.start], after) + text[place.end :]
            errors.append(PlantedError(place.category, before, after))
        return PseudoInitialCaption(text, tuple(reversed(errors)))

    def _places(self, doc: Doc) -> Iterator[_Place]:
        at = 0
        while at < len(doc):
            for length in range(self._lexicon.longest, 0, -1):
                words = doc[at : at + length]
                found = list(self._of(words, list(words))) if len(words) == length else []
                if found:
                    yield from found
                    at += length
                    break
            else:
                at += 1

    def _of(self, span: spacy.tokens.Span, tokens: list[Token]) -> Iterator[_Place]:
        for category in CATEGORIES:
            instead = self._lexicon.replacements.get((category, span.text.lower()))
            if instead and any(token.pos_ in PARTS_OF_SPEECH[category] for token in tokens):
                yield _Place(category, span.start_char, span.end_char, tuple(instead))


def _with_article(before: str, word: str) -> str:
    """Put a word after a text whose last word may be "a" or "an"."""
    head, _, last = before.rstrip().rpartition(" ")
    if last.lower() in ("a", "an"):
        article = last[0] + ("n" if word[0].lower() in "aeiou" else "")
        before = f"{head} {article} " if head else f"{article} "
    return before + word
