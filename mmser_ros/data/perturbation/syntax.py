# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where in a sentence a word is one that an error can be planted in, by category.

A wrong word keeps the sentence right only where it has the same part in it: "park" is no place in
"they park", "left" no side in "she left", "jumping" can't be "walking" before an object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from spacy.tokens import Token

SHADES = {"light", "dark", "bright", "pale", "deep", "navy", "neon", "multi"}
"""Before a colour they make one with it: dark blue, but hardly dark white."""

CLOTHING = {"in", "wearing", "wears", "wear"}
"""After these a colour stands for clothes of it."""


class Syntax(NamedTuple):
    """What counts for a category; of several words the last one is asked.

    Attributes:
        fits: whether the word is one of this category, and can be replaced.
        alone: whether it can be without regard to its neighbours' words.
        beside: what it belongs to: of an entity its head, of an attribute what it describes, of a
            relation its objects, of an action its objects and prepositions.
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
    """What an attribute describes; "and" and commas are followed to the first of a row."""
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
    return token.pos_ in ("ADJ", "NOUN", "PROPN") and token.dep_ in (
        "amod",
        "compound",
        "nmod",
        "acomp",
        "conj",
    )


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
