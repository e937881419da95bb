# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A caption in simpler words for the parser, and where each of them stood before.

A small parser is at a loss with "on what appears to be a group of chairs to the left of it"; it
reads "on some chairs near it" well. What the longer wording meant is kept as a mark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mmser_ros.language.word_lists import Rewriting


@dataclass(frozen=True)
class Rewritten:
    """A caption in simpler words.

    Attributes:
        text: in lower case.
        spans: for each character of `text`, (first character, character after the last) of what
            it stands for in the caption.
        marks: (position in `text`, meaning); it is said of the word that starts there or next.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    marks: tuple[tuple[int, str], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the non-empty `text[start:end]` stood in the caption."""
        return self.spans[start][0], self.spans[end - 1][1]


class Rewriter:
    """Replaces wordings; where several fit, the earliest in the caption, then in the list."""

    def __init__(self, rewritings: Sequence[Rewriting]) -> None:
        self._rewritings = rewritings
        self._any = re.compile("|".join(f"({one.wording.pattern})" for one in rewritings))

    def rewrite(self, caption: str) -> Rewritten:
        """Put a caption in simpler words."""
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
                # "might be a dog" is parsed as "is a dog": the doubt is about the dog.
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
    """A caption as the wordings expect it, with single spaces, and where each character stood."""
    characters = [_plain_character(character) for character in caption]
    where = [
        i for i, one in enumerate(characters) if one != " " or i == 0 or characters[i - 1] != " "
    ]
    return "".join(characters[i] for i in where), where


def _plain_character(character: str) -> str:
    """One character for one, as the parser and the wordings expect it."""
    if character.isspace() or "\ud800" <= character <= "\udfff":  # no text: half a character
        return " "
    if character in "\u2018\u2019\u00b4`":
        return "'"
    lower = character.lower()
    return lower if len(lower) == 1 else character
