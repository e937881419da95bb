# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The content of a caption as frozen dataclasses: objects, relations, actions, the place."""

from __future__ import annotations

from dataclasses import dataclass

SPATIAL_PREDICATES = (
    *("on", "in", "under", "above", "next to", "near", "behind", "in front of"),
    *("left of", "right of", "against", "at", "between", "around", "opposite"),
    *("through", "along", "toward", "attached to"),
)
"""Spatial relations; those that geometry can check come first."""
OTHER_PREDICATES = (
    *("with", "part of", "holding", "wearing", "riding", "driving", "pushing", "pulling"),
    *("throwing", "catching", "kicking", "hitting", "eating", "drinking", "cooking", "cutting"),
    *("washing", "reading", "writing", "using", "playing", "watching", "following", "touching"),
    *("climbing", "leading", "opening", "closing"),
)
"""Possession ("a man with a bag", "a chair has arms") and actions."""
PREDICATES = SPATIAL_PREDICATES + OTHER_PREDICATES
"""All predicates of a RelationMention; other words are mapped to these or dropped."""


@dataclass(frozen=True)
class ObjectMention:
    """An object that a caption names.

    Attributes:
        text: the noun phrase as in the caption.
        head: lemma of the head noun, in lower case. A compound of the taxonomy is kept whole
            ("fire hydrant"); another compound noun is an attribute, and so is the content of a
            container or a picture: "wine bottle" and "bottle of wine" are "bottle" with "wine".
        attributes: adjectives, participles of state, colours and materials, in lower case.
        count: the number; None if it is not given ("chairs", "several") or uncountable ("snow").
        negated: the caption says that it is absent ("no people", "without a lid").
        hedged: the caption is not sure of it ("what appears to be a dog", "a cup or a bowl").
        start: index of the phrase's first character in the caption.
        end: index after the phrase's last character.
    """

    text: str
    head: str
    attributes: tuple[str, ...]
    count: int | None
    negated: bool = False
    hedged: bool = False
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class RelationMention:
    """A relation between two objects that a caption asserts; neither object is negated.

    Attributes:
        subject: index into the caption's objects.
        predicate: one of PREDICATES.
        object: index into the caption's objects.
    """

    subject: int
    predicate: str
    object: int


@dataclass(frozen=True)
class ActionMention:
    """An action of an object.

    Attributes:
        subject: index into the caption's objects.
        verb: lemma, as in "run".
    """

    subject: int
    verb: str


@dataclass(frozen=True)
class ParsedCaption:
    """The content of a caption.

    Attributes:
        objects: in the order of the caption.
        relations: in the order of their objects in the caption.
        actions: in the order of the caption.
        place: the room or place of the scene ("kitchen", "beach"); it is not among the objects.
    """

    objects: tuple[ObjectMention, ...]
    relations: tuple[RelationMention, ...]
    actions: tuple[ActionMention, ...]
    place: str | None
