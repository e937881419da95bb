# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Detections of a parsed caption: the objects it names, with position and weight."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmser_ros.core.types import Caption, GroundedPhrase
from mmser_ros.language.interfaces import Words
from mmser_ros.language.types import ObjectMention, ParsedCaption
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.existence import caption_trust
from mmser_ros.memory.fusion.projection import Estimate, View

MAX_COUNT = 6
"""Maximum objects that one phrase adds: "fifty books" are not fifty nodes."""
WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Detection:
    """One object that a caption names.

    Attributes:
        mention: index of its mention in the parsed caption.
        name: head noun of the mention.
        word: canonical word of the name.
        kind: kind of the word.
        attributes: of the mention.
        weight: of the detection, 0 to 1.
        trust: probability that the words of the caption describe the scene.
        estimate: its position.
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
    """List the detections of a caption: one for each object, two for "two chairs".

    Negated mentions and places ("a hallway") give no detection.
    """
    phrases = list(caption.phrases)
    trust = caption_trust(caption.confidence, config)
    # A mention without a phrase takes the part of the caption's confidence that trust left over.
    unphrased = caption.confidence ** (1.0 - config.confidence_weight)
    first_pass = set(WORD.findall(caption.initial_text.lower()))
    found = []
    for number, mention in enumerate(parsed.objects):
        phrase = _phrase_of(mention, phrases, words)
        kind = words.kind(mention.head)
        if mention.negated or kind == "place":
            continue
        weight = phrase.confidence if phrase else unphrased
        weight *= config.hedge_weight if mention.hedged else 1.0
        if caption.refined and config.weigh_refinement and not _is_named(mention.head, first_pass):
            weight *= config.refined_only_weight
        word = words.canonical(mention.head)
        slots = min(mention.count or 1, MAX_COUNT)
        for slot in range(slots):
            found.append(
                Detection(
                    mention=number,
                    name=mention.head,
                    word=word,
                    kind=kind,
                    attributes=mention.attributes,
                    weight=weight,
                    trust=trust,
                    estimate=view.locate(phrase, slot, slots),
                )
            )
    return found


def _is_named(head: str, tokens: set[str]) -> bool:
    last = head.rsplit(maxsplit=1)[-1]
    return bool(tokens & {last, f"{last}s", f"{last}es"})


def _phrase_of(
    mention: ObjectMention, phrases: list[GroundedPhrase], words: Words
) -> GroundedPhrase | None:
    """Remove the phrase of a mention from the list and return it, so that it is used once."""
    for tests in (
        lambda one: one.text.lower() == mention.text.lower(),
        lambda one: words.canonical(one.head) == words.canonical(mention.head),
    ):
        for one in phrases:
            if tests(one):
                phrases.remove(one)
                return one
    return None
