# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which classes the words of a caption name, by a table of wordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmser_ros.core.errors import MmserError
from mmser_ros.language.spacy_model import load_parser

NONE, OTHER = "none", "other"
"""Keys of a table whose wordings name none of its classes."""
BEFORE_NOUNS, ONLY_NOUNS = "before_nouns", "only_nouns"
"""Keys of a table for single words with a condition: they do not count right before a noun ("baby
bear"), or count only as nouns ("an orange cat")."""
NOUNS = frozenset({"NOUN", "PROPN"})
VERBS = frozenset({"AUX", "VERB"})


class WordTableError(MmserError):
    """A table of words that can't be read or makes no sense."""


@dataclass(frozen=True)
class Word:
    """A word of a caption: its lower-case text, its lemma and its part of speech."""

    text: str
    lemma: str
    kind: str


@dataclass(frozen=True)
class Mention:
    """Words of a caption that name something.

    Attributes:
        words: the words of the wording.
        things: its possible classes; empty for a wording under OTHER.
    """

    words: tuple[Word, ...]
    things: frozenset[str]


def read_words(captions: Iterable[str]) -> Iterator[list[Word]]:
    """Yield the words of each caption, without punctuation and the possessive "'s".

    Raises:
        ParserError: the parser of English is not installed.
    """
    texts = (caption.strip(" .").lower() for caption in captions)
    for doc in load_parser().pipe(texts, batch_size=256, disable=["parser"]):
        yield [
            Word(token.text, token.lemma_, token.pos_)
            for token in doc
            if not token.is_punct and not token.is_space and token.tag_ != "POS"
        ]


class WordTable:
    """Classes and the wordings that name them (format: config/lexicon/coco_words.yaml)."""

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        """Read {class, or classes joined by "/": wordings}, with the four special keys.

        Raises:
            WordTableError: the table has another form, or a wording occurs twice.
        """
        self.things: frozenset[str] = frozenset()
        self._before_nouns = frozenset(table.get(BEFORE_NOUNS, ()))
        self._only_nouns = frozenset(table.get(ONLY_NOUNS, ()))
        self._meanings: dict[tuple[str, ...], frozenset[str] | None] = {}
        for key, wordings in table.items():
            if key in (BEFORE_NOUNS, ONLY_NOUNS):
                continue
            things = frozenset() if key in (NONE, OTHER) else frozenset(key.split("/"))
            self.things |= things
            for wording in wordings:
                parts = tuple(wording.replace("'s", "").split())
                if parts in self._meanings:
                    msg = f"{wording!r} occurs twice, also under {key!r}; expected it once"
                    raise WordTableError(msg)
                self._meanings[parts] = None if key == NONE else things
        self._longest = max(map(len, self._meanings), default=0)

    @classmethod
    def read(cls, path: Path) -> WordTable:
        """Read a table from a YAML file.

        Raises:
            WordTableError: it can't be read, has another form, or a wording occurs twice.
        """
        try:
            table: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
            if not isinstance(table, dict) or not all(
                isinstance(some, list) and all(isinstance(one, str) for one in some)
                for some in table.values()
            ):
                msg = "not {thing: [wordings]} (quote those that YAML takes for something else)"
                raise ValueError(msg)
        except (OSError, ValueError, yaml.YAMLError) as error:
            msg = f"{path} is not a table of words: {error}"
            raise WordTableError(msg) from error
        try:
            return cls(table)
        except WordTableError as error:
            msg = f"{path}: {error}"
            raise WordTableError(msg) from error

    def mentions(self, words: Sequence[Word]) -> list[Mention]:
        """Find the mentions of classes in a caption, in the order of the words.

        The longest wording counts. Its text is tried before its lemma; the lemma of a verb is not
        tried: "cooking" does not mention a cook. The words are from `read_words`.
        """
        found = []
        at = 0
        while at < len(words):
            length, things = self._at(words, at)
            if things is not None:
                found.append(Mention(tuple(words[at : at + length]), things))
            at += length
        return found

    def named(self, words: Sequence[Word]) -> list[frozenset[str]]:
        """The distinct `Mention.things` of a caption, in the order of its words."""
        return list(dict.fromkeys(one.things for one in self.mentions(words)))

    def _at(self, words: Sequence[Word], at: int) -> tuple[int, frozenset[str] | None]:
        """The number of words of the wording at a position, and its classes."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            some = words[at : at + length]
            if length == 1 and not self._is_name(words, at):
                break
            *before, last = some
            texts = tuple(word.text for word in before)
            ends = [last.text] if last.kind in VERBS else [last.text, last.lemma]
            for wording in ((*texts, end) for end in ends):
                if wording in self._meanings:
                    return length, self._meanings[wording]
        return 1, None

    def _is_name(self, words: Sequence[Word], at: int) -> bool:
        word = words[at]
        if word.text in self._only_nouns and word.kind not in NOUNS:
            return False
        before_noun = at + 1 < len(words) and words[at + 1].kind in NOUNS
        return not (before_noun and word.text in self._before_nouns)
