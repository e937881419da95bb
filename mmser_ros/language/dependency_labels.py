# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests on spaCy's dependency labels (the CLEAR style of its English models)."""

from __future__ import annotations

from collections.abc import Iterator

from spacy.tokens import Token

NOUNS = ("NOUN", "PROPN")
BEFORE_A_NOUN = frozenset({"compound", "amod", "nmod", "nummod", "npadvmod", "quantmod"})


def is_modifier(token: Token) -> bool:
    """Whether a noun modifies the next noun: "coffee" in "coffee table"."""
    first = token
    while first.dep_ == "conj" and first.head.i < first.i:
        first = first.head
    if first.dep_ in BEFORE_A_NOUN and token.i < first.head.i:
        return True
    after = token.nbor() if token.i + 1 < len(token.doc) else None
    if after is None or after.pos_ not in NOUNS:
        return False
    # also if the model labels both nouns as subjects: "a microwave oven sits"
    return token.head == after or (token.head == after.head and token.dep_ == after.dep_)


def is_negated(verb: Token) -> bool:
    """Whether a verb is negated by "not" or "never"."""
    return any(
        child.dep_ == "neg" or child.lower_ in ("not", "n't", "never") for child in verb.children
    )


def coordination(token: Token) -> list[Token]:
    """All nouns in the coordination of a noun ("and", "or", commas), in order."""
    while token.dep_ == "conj" and token.head.pos_ in (*NOUNS, "PRON"):
        token = token.head
    found = [token]
    for one in found:
        found.extend(child for child in one.children if child.dep_ == "conj")
    return sorted(found, key=lambda one: one.i)


def joined_after(token: Token) -> Iterator[Token]:
    """Yield a noun and the nouns after it in its coordination."""
    yield from (one for one in coordination(token) if one.i >= token.i)
