# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a caption says, as frozen dataclasses: things, relations, actions and the place."""

from __future__ import annotations

from dataclasses import dataclass

SPATIAL_PREDICATES = (
    *("on", "in", "under", "above", "next to", "near", "behind", "in front of"),
    *("left of", "right of", "against", "at", "between", "around", "opposite"),
    *("through", "along", "toward", "attached to"),
)
"""Where a thing is, by another thing; what geometry can check comes first."""
OTHER_PREDICATES = (
    *("with", "part of", "holding", "wearing", "riding", "driving", "pushing", "pulling"),
    *("throwing", "catching", "kicking", "hitting", "eating", "drinking", "cooking", "cutting"),
    *("washing", "reading", "writing", "using", "playing", "watching", "following", "touching"),
    *("climbing", "leading", "opening", "closing"),
)
"""Having ("a man with a bag", "a chair has arms") and doing."""
PREDICATES = SPATIAL_PREDICATES + OTHER_PREDICATES
"""All that a RelationMention's predicate can be; other words are mapped to these or dropped."""


@dataclass(frozen=True)
class ThingMention:
    """A thing that a caption speaks of.

    Attributes:
        text: its noun phrase as it stands.
        head: the lemma of the head noun, lower case; a compound that is one thing is kept whole
            ("fire hydrant"). Any other compound noun is an attribute, as is what a container
            holds or a picture shows: "wine bottle" and "bottle of wine" are both "bottle", "wine".
        attributes: adjectives, participles of state, colours and materials, lower case, in order.
        count: how many; None where it is not said ("chairs", "several") or can't be ("snow").
        negated: the caption says that it is not there ("no people", "without a lid").
        hedged: the caption is not sure of it ("what appears to be a dog", "a cup or a bowl").
        start: first character of the phrase in the caption.
        end: the character after its last.
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
    """A relation between two things that the caption asserts; neither of them is negated.

    Attributes:
        subject: index into the caption's things.
        predicate: one of PREDICATES.
        object: index into the caption's things.
    """

    subject: int
    predicate: str
    object: int


@dataclass(frozen=True)
class ActionMention:
    """What a thing does.

    Attributes:
        subject: index into the caption's things.
        verb: lemma, as in "run".
    """

    subject: int
    verb: str


@dataclass(frozen=True)
class ParsedCaption:
    """What a caption says.

    Attributes:
        things: in the order of the caption.
        relations: in the order of their objects in the caption.
        actions: in the order of the caption.
        place: the room or place that all this is in ("kitchen", "beach"); it is no thing then.
    """

    things: tuple[ThingMention, ...]
    relations: tuple[RelationMention, ...]
    actions: tuple[ActionMention, ...]
    place: str | None
