# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the memory asks of a parser and of a lexicon, and remembering what the latter answered."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from mmser_ros.language.types import ParsedCaption


class Parser(Protocol):
    """Reads a caption; one that is slow remembers what it read, for it is asked again."""

    def parse(self, caption: str) -> ParsedCaption:
        """What the caption says."""


class Words(Protocol):
    """Knows words."""

    def same(self, a: str, b: str) -> float:
        """How surely two words speak of one thing, 0 to 1."""

    def kind(self, word: str) -> str:
        """A kind such as `person` or `furniture`."""

    def canonical(self, word: str) -> str:
        """The word that stands for all its synonyms."""


class CachedWords:
    """Remembers what it looked up: the words are few."""

    def __init__(self, words: Words) -> None:
        self.same = lru_cache(maxsize=65536)(words.same)
        self.kind = lru_cache(maxsize=8192)(words.kind)
        self.canonical = lru_cache(maxsize=8192)(words.canonical)
