# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Mentions of one object in several sentences: "a bed … a bag is on the bed"."""

from __future__ import annotations

from dataclasses import replace

from mmser_ros.language.interfaces import Words
from mmser_ros.language.types import ObjectMention, ParsedCaption

SIMILAR = 0.6
"""Similarity of two words that can name one object: synonyms, or one step apart."""


def join_repeated(parsed: ParsedCaption, words: Words) -> ParsedCaption:
    """Join each definite mention with the mention before it that it repeats.

    "The bed" repeats the last bed before it, if it is one bed and adds no attribute. Relations and
    actions of the repeated mention become those of the first one.

    Args:
        parsed: of a caption.
        words: tells which words name the same.
    """
    kept: list[ObjectMention] = []
    index: list[int] = []
    for mention in parsed.objects:
        repeats = [at for at, one in enumerate(kept) if _repeats(mention, one, words)]
        if not repeats:
            kept.append(mention)
        index.append(repeats[-1] if repeats else len(kept) - 1)
    if len(kept) == len(parsed.objects):
        return parsed
    relations = [
        replace(one, subject=index[one.subject], object=index[one.object])
        for one in parsed.relations
    ]
    actions = [replace(one, subject=index[one.subject]) for one in parsed.actions]
    return replace(
        parsed,
        objects=tuple(kept),
        relations=tuple(dict.fromkeys(one for one in relations if one.subject != one.object)),
        actions=tuple(dict.fromkeys(actions)),
    )


def _repeats(mention: ObjectMention, before: ObjectMention, words: Words) -> bool:
    return (
        mention.text.lower().startswith("the ")
        and not (mention.negated or before.negated)
        and mention.count == before.count
        and set(mention.attributes) <= set(before.attributes)
        and words.similarity(mention.head, before.head) >= SIMILAR
    )
