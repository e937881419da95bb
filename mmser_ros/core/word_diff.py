# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The difference between two captions, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Words:
    """Consecutive words that one caption or both have.

    Attributes:
        kind: `kept`, `removed` or `added`.
        text: one word or more, with single spaces between them.
    """

    kind: str
    text: str


def word_changes(before: str, after: str) -> list[Words]:
    """Compare the words of two captions.

    Returns:
        In reading order. Kept and added joined by spaces are `after`, but for its white space;
        kept and removed are `before`, but for its white space, case and periods.

    Example:
        >>> [(one.kind, one.text) for one in word_changes("a red cat", "a cat")]
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
    """The fraction of the words of both captions that changed, 0 to 1."""
    return 1.0 - _matched(before, after).ratio()


def _matched(before: str, after: str) -> SequenceMatcher[str]:
    return SequenceMatcher(None, _keys(_words(before)), _keys(after.split()), autojunk=False)


def _words(caption: str) -> list[str]:
    """The words of a caption, without periods that stand alone."""
    return [word for word in caption.split() if word.strip(".")]


def _keys(words: Sequence[str]) -> list[str]:
    return [word.lower().rstrip(".") or word for word in words]
