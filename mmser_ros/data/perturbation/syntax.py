# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Syntactic conditions for planting an error in a word, by category.

A replacement keeps the sentence grammatical only in the same syntactic role. For example, "park" is
not an entity in "they park", and "left" is not a relation in "she left".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from spacy.tokens import Token

SHADES = {"light", "dark", "bright", "pale", "deep", "navy", "neon", "multi"}
"""Words that form a colour with the next word: "dark blue", but hardly "dark white"."""

CLOTHING = {"in", "wearing", "wears", "wear"}
"""Words after which a colour means clothes."""


class Syntax(NamedTuple):
    """Conditions of a category, tested on the last of several words.

    Attributes:
        fits: whether the word is of this category, and can be replaced.
        alone: whether it can be replaced whatever its related words are.
        beside: its related words: the head of an entity, the noun of an attribute, the objects of
            a relation, the objects and prepositions of an action.
    """

    fits: Callable[[Token], bool]
    alone: Callable[[Token], bool]
    beside: Callable[[Token], list[Token]]


def _children(token: Token, *kinds: str) -> list[Token]:
    return [child for child in token.children if child.dep_ in kinds]


def _hyphened(token: Token) -> bool:
    doc, at = token.doc, token.i
    return "-" in {doc[near].text for near in (at - 1, at + 1) if 0 <= near < len(doc)}


def _is_entity(token: Token) -> bool:
    noun = token.pos_ in ("NOUN", "PROPN")
    return noun and not _children(token, "compound") and not _hyphened(token)


def _described(token: Token) -> list[Token]:
    """The nouns that an attribute describes; conjunctions are followed to their first word."""
    while token.dep_ == "conj":
        token = token.head
    if token.dep_ in ("acomp", "attr"):
        return _children(token.head, "nsubj", "nsubjpass")
    return [token.head]


def _is_attribute(token: Token) -> bool:
    before = token.doc[token.i - 1].lower_ if token.i else ""
    if _hyphened(token) or before in SHADES:
        return False
    if token.pos_ == "NUM":
        return token.dep_ == "nummod" and token.head.tag_ in ("NNS", "NNPS")
    if token.dep_ in ("pobj", "dobj"):
        return token.head.lower_ in CLOTHING and not _children(token, "det", "amod", "poss")
    describes = token.dep_ in ("amod", "compound", "nmod", "acomp", "conj")
    return describes and token.pos_ in ("ADJ", "NOUN", "PROPN")


def _is_relation(token: Token) -> bool:
    if token.pos_ in ("ADJ", "NOUN"):  # left, right
        return True
    return token.pos_ in ("ADP", "ADV", "SCONJ") and bool(_children(token, "pobj"))


def _is_action(token: Token) -> bool:
    verb = token.pos_ == "VERB" and token.tag_ != "VBN"
    return verb and token.dep_ not in ("amod", "compound") and not _children(token, "prt")


SYNTAX = {
    "entity": Syntax(_is_entity, lambda one: one.dep_ != "compound", lambda one: [one.head]),
    "attribute": Syntax(_is_attribute, lambda one: True, _described),
    "relation": Syntax(_is_relation, lambda one: True, lambda one: _children(one, "pobj")),
    "action": Syntax(
        _is_action,
        lambda one: not _children(one, "dobj", "acomp"),
        lambda one: _children(one, "dobj", "prep"),
    ),
}
