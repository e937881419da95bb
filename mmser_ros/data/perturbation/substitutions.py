# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Substitutions: words that can replace one another in a caption, by its syntax."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from spacy.tokens import Doc, Span

from mmser_ros.core.errors import MmserError
from mmser_ros.data.perturbation.syntax import SYNTAX

CATEGORIES = tuple(SYNTAX)
CONDITIONS = ("beside", "not_beside", "unless")


class LexiconError(MmserError):
    """A lexicon that can't be read, or is inconsistent."""


@dataclass(frozen=True)
class Place:
    """A place for an error: characters `start` to `end`, and possible replacements."""

    category: str
    start: int
    end: int
    instead: tuple[str, ...]


@dataclass(frozen=True)
class _Choice:
    """Replacements of some words, and the conditions of their group; empty: no condition."""

    instead: frozenset[str]
    beside: frozenset[str]
    not_beside: frozenset[str]
    unless: frozenset[str]


class Lexicon:
    """Groups of mutually exclusive words (see config/lexicon/planted_errors.yaml).

    Attributes:
        words: all words that can be replaced, by category.

    Raises:
        LexiconError: the file can't be read, or has other contents.
    """

    def __init__(self, path: Path) -> None:
        self._choices: dict[tuple[str, str], list[_Choice]] = {}
        try:
            groups = yaml.safe_load(path.read_text(encoding="utf-8"))
            for category in CATEGORIES:
                for group in groups[category].values():
                    self._add(category, group if isinstance(group, dict) else {"words": group})
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
            msg = (
                f"{path} is not a lexicon ({error!r}); expected {', '.join(CATEGORIES)}, each of "
                "named groups of words (quote words that YAML reads as booleans: on, off)"
            )
            raise LexiconError(msg) from error
        self.words = {c: sorted(w for k, w in self._choices if k == c) for c in CATEGORIES}
        self._longest = max((len(text.split()) for _, text in self._choices), default=0)

    def _add(self, category: str, group: dict[str, Any]) -> None:
        unknown = group.keys() - {"words", *CONDITIONS}
        if unknown:
            msg = f"unknown conditions {sorted(unknown)}"
            raise ValueError(msg)
        words = [word.split("/") for word in group["words"]]
        beside, not_beside, unless = (
            frozenset(map(str.lower, group.get(name, []))) for name in CONDITIONS
        )
        for word in words:
            if len(set(word)) < len(word):
                msg = f"the forms of {'/'.join(word)} are not distinct; expected different ones"
                raise ValueError(msg)
            for form, text in enumerate(word):
                instead = {one[form] for one in words if one is not word and form < len(one)}
                choice = _Choice(frozenset(instead - {text}), beside, not_beside, unless)
                self._choices.setdefault((category, text), []).append(choice)

    def places(self, doc: Doc) -> Iterator[Place]:
        """Yield the places for errors in a parsed caption; they may overlap."""
        words = {token.lower_ for token in doc}
        at = 0
        while at < len(doc):
            for length in range(min(self._longest, len(doc) - at), 0, -1):
                span = doc[at : at + length]
                found = list(self._of(span, words))
                if found:
                    yield from found
                    at += length
                    break
            else:
                at += 1

    def _of(self, span: Span, words: set[str]) -> Iterator[Place]:
        word = span[-1]
        for category in CATEGORIES:
            choices = self._choices.get((category, span.text.lower()), [])
            syntax = SYNTAX[category]
            if not choices or not syntax.fits(word):
                continue
            beside = {token.lower_ for token in syntax.beside(word)}
            instead: set[str] = set()
            for one in choices:
                fits = one.beside & beside if one.beside else syntax.alone(word)
                if fits and not (one.not_beside & beside or one.unless & words):
                    instead |= one.instead
            if instead:
                yield Place(category, span.start_char, span.end_char, tuple(sorted(instead)))
