# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From a parsed caption and the look it is of to detections: what was named, where, how surely."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmser_ros.core.types import Caption, GroundedPhrase
from mmser_ros.language.interfaces import Words
from mmser_ros.language.types import ParsedCaption, ThingMention
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.existence import trust
from mmser_ros.memory.fusion.projection import Estimate, View

MAX_COUNT = 6
"""Things that one phrase can add; "fifty books" are not fifty nodes."""
WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Detection:
    """One thing that a caption names.

    Attributes:
        mention: its number among the caption's things.
        name: the word as it was said.
        word: the canonical one.
        kind: of the word.
        attributes: as said.
        weight: how much it counts, 0 to 1.
        trust: chance that the caption's words come from the scene.
        estimate: where it is.
    """

    mention: int
    name: str
    word: str
    kind: str
    attributes: tuple[str, ...]
    weight: float
    trust: float
    estimate: Estimate


def detect(
    caption: Caption, parsed: ParsedCaption, view: View, words: Words, config: MemoryConfig
) -> list[Detection]:
    """What a caption says is there: one detection for each thing, two for "two chairs".

    Places ("a hallway") are where things are, and no things.
    """
    phrases = list(caption.phrases)
    trusted = trust(caption.confidence, config)
    # Without a phrase the caption's confidence stands in for the phrase's: what is left of it.
    unphrased = caption.confidence ** (1.0 - config.confidence_weight)
    first_look = set(WORD.findall(caption.initial_text.lower()))
    found = []
    for number, mention in enumerate(parsed.things):
        phrase = _phrase_of(mention, phrases, words)
        kind = words.kind(mention.head)
        if mention.negated or kind == "place":
            continue
        weight = phrase.confidence if phrase else unphrased
        weight *= config.hedge_weight if mention.hedged else 1.0
        if caption.refined and config.weigh_refinement and not _said(mention.head, first_look):
            weight *= config.refined_only_weight
        word = words.canonical(mention.head)
        slots = min(mention.count or 1, MAX_COUNT)
        for slot in range(slots):
            estimate = view.locate(phrase, slot, slots)
            found.append(
                Detection(
                    number,
                    mention.head,
                    word,
                    kind,
                    mention.attributes,
                    weight,
                    trusted,
                    estimate,
                )
            )
    return found


def _said(head: str, tokens: set[str]) -> bool:
    last = head.rsplit(maxsplit=1)[-1]
    return bool(tokens & {last, f"{last}s", f"{last}es"})


def _phrase_of(
    mention: ThingMention, phrases: list[GroundedPhrase], words: Words
) -> GroundedPhrase | None:
    """The phrase that grounds a mention; it is taken off the list, for the next like mention."""
    for tests in (
        lambda one: one.text.lower() == mention.text.lower(),
        lambda one: words.canonical(one.head) == words.canonical(mention.head),
    ):
        for one in phrases:
            if tests(one):
                phrases.remove(one)
                return one
    return None
