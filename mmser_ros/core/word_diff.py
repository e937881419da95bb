# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a second look changed: the words of two captions, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Words:
    """Words that stand together in one caption or in both.

    Attributes:
        fate: `kept`, `removed` or `added`.
        text: one word or more, with single spaces between them.
    """

    fate: str
    text: str


def word_changes(before: str, after: str) -> list[Words]:
    """What became of the words of a caption.

    Returns:
        In reading order. Kept and added joined by spaces are `after`, but for its white space;
        kept and removed are `before`, but for its white space, case and periods.

    Example:
        >>> [(one.fate, one.text) for one in word_changes("a red cat", "a cat")]
        [('kept', 'a'), ('removed', 'red'), ('kept', 'cat')]
    """
    old, new = _words(before), after.split()
    changes = []
    for same, a, b, c, d in _matched(before, after).get_opcodes():
        if same == "equal":
            changes.append(Words("kept", " ".join(new[c:d])))
            continue
        if a < b:
            changes.append(Words("removed", " ".join(old[a:b])))
        if c < d:
            changes.append(Words("added", " ".join(new[c:d])))
    return changes


def share_changed(before: str, after: str) -> float:
    """The share of the words of both captions that are not kept, 0 to 1."""
    return 1.0 - _matched(before, after).ratio()


def _matched(before: str, after: str) -> SequenceMatcher[str]:
    return SequenceMatcher(None, _keys(_words(before)), _keys(after.split()), autojunk=False)


def _words(caption: str) -> list[str]:
    """The words of a caption, without periods that stand alone."""
    return [word for word in caption.split() if word.strip(".")]


def _keys(words: Sequence[str]) -> list[str]:
    return [word.lower().rstrip(".") or word for word in words]
