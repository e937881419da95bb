# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Interfaces of the caption parser and the taxonomy, and a cache for the taxonomy."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from mmser_ros.language.types import ParsedCaption


class Parser(Protocol):
    """Parses captions; a slow parser should cache its results."""

    def parse(self, caption: str) -> ParsedCaption:
        """Parse a caption."""


class Words(Protocol):
    """A taxonomy of words."""

    def similarity(self, a: str, b: str) -> float:
        """Similarity of two words, 0 to 1: how well they can mean the same object."""

    def kind(self, word: str) -> str:
        """The kind of a word, such as `person` or `furniture`."""

    def canonical(self, word: str) -> str:
        """The canonical word of all synonyms."""


def with_defaults(parser: Parser | None, words: Words | None) -> tuple[Parser, Words]:
    """A parser and a taxonomy; those of this package, which load spaCy, for None."""
    if parser is None:
        from mmser_ros.language.caption_parser import CaptionParser

        parser = CaptionParser()
    if words is None:
        from mmser_ros.language.taxonomy import Taxonomy

        words = Taxonomy()
    return parser, words


class CachedWords:
    """Caches the results of a taxonomy."""

    def __init__(self, words: Words) -> None:
        self.similarity = lru_cache(maxsize=65536)(words.similarity)
        self.kind = lru_cache(maxsize=8192)(words.kind)
        self.canonical = lru_cache(maxsize=8192)(words.canonical)
