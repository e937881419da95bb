# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Simplifies captions for the parser, and keeps the original position of each character.

A small parser fails on "on what appears to be a group of chairs to the left of it". It can parse
"on some chairs near it". The meaning of the original wording is kept as a mark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mmser_ros.language.word_lists import Rewriting


@dataclass(frozen=True)
class Rewritten:
    """A simplified caption.

    Attributes:
        text: in lower case.
        spans: for each character of `text`, (start, end) of its source in the caption.
        marks: (position in `text`, meaning); the meaning is of the word at or after the position.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    marks: tuple[tuple[int, str], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """(start, end) in the caption of the non-empty `text[start:end]`."""
        return self.spans[start][0], self.spans[end - 1][1]


class Rewriter:
    """Replaces wordings; of several matches, the first in the caption, then in the list."""

    def __init__(self, rewritings: Sequence[Rewriting]) -> None:
        self._rewritings = rewritings
        self._any = re.compile("|".join(f"({one.wording.pattern})" for one in rewritings))

    def rewrite(self, caption: str) -> Rewritten:
        """Simplify a caption."""
        plain, where = _plain(caption)
        text: list[str] = []
        spans: list[tuple[int, int]] = []
        marks: list[tuple[int, str]] = []
        at = 0
        for match in self._any.finditer(plain):
            rewriting = self._rewritings[(match.lastindex or 1) - 1]
            start, end = match.span()
            text.append(plain[at:start])
            spans.extend((i, i + 1) for i in where[at:start])
            if rewriting.means:
                # "might be a dog" is parsed as "is a dog": the hedge is about the dog.
                after = len("is") if rewriting.replacement == "is" else 0
                marks.append((len(spans) + after, rewriting.means))
            text.append(rewriting.replacement)
            spans.extend([(where[start], where[end - 1] + 1)] * len(rewriting.replacement))
            at = end
            if not rewriting.replacement and plain[at : at + 1] == " ":
                at += 1
        text.append(plain[at:])
        spans.extend((i, i + 1) for i in where[at:])
        return Rewritten("".join(text), tuple(spans), tuple(marks))


def _plain(caption: str) -> tuple[str, list[int]]:
    """Normalize a caption to single spaces; return it with the index of each character."""
    characters = [_plain_character(character) for character in caption]
    where = [
        i for i, one in enumerate(characters) if one != " " or i == 0 or characters[i - 1] != " "
    ]
    return "".join(characters[i] for i in where), where


def _plain_character(character: str) -> str:
    """Normalize one character to one character."""
    if character.isspace() or "\ud800" <= character <= "\udfff":  # half of a surrogate pair
        return " "
    if character in "\u2018\u2019\u00b4`":
        return "'"
    lower = character.lower()
    return lower if len(lower) == 1 else character
