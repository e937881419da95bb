# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Precision and recall of the caption parser against hand-made labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from mmser_ros.core.errors import MmserError
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.types import ParsedCaption

KINDS = (
    *("objects", "attributes", "counts", "relations", "actions", "place", "negation", "hedge"),
)
THING = re.compile(r"(?:(no|maybe) )?(\d+|\*) ([^(]+?)(?: \((.+)\))?")

Contents = dict[str, Counter[tuple]]


class LabelError(MmserError):
    """A label that can't be read."""


def score_parsing(
    parser: CaptionParser, labelled: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, float]]:
    """Score the parser.

    Args:
        parser: the caption parser.
        labelled: captions with their labels (format: test/language/caption_parsing.json).

    Returns:
        For each of KINDS: `precision`, `recall` and the number `labelled`. Objects are compared by
        head. The other kinds are compared by head and value, so a missed object counts there too.
        Only explicit counts are compared.

    Raises:
        LabelError: a label can't be read.
    """
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    for label in labelled:
        mine, theirs = parsed_contents(parser.parse(label["caption"])), labelled_contents(label)
        for kind in KINDS:
            right[kind] += (mine[kind] & theirs[kind]).total()
            found[kind] += mine[kind].total()
            expected[kind] += theirs[kind].total()
    return {
        kind: {
            "precision": right[kind] / max(1, found[kind]),
            "recall": right[kind] / max(1, expected[kind]),
            "labelled": expected[kind],
        }
        for kind in KINDS
    }


def parsed_contents(parsed: ParsedCaption) -> Contents:
    """The contents of a parsed caption, by KINDS."""
    heads = [thing.head for thing in parsed.objects]
    things = [
        (one.head, one.attributes, one.count, one.negated, one.hedged) for one in parsed.objects
    ]
    relations = [(heads[one.subject], one.predicate, heads[one.object]) for one in parsed.relations]
    actions = [(heads[one.subject], one.verb) for one in parsed.actions]
    return _by_kind(things, relations, actions, parsed.place)


def labelled_contents(label: Mapping[str, Any]) -> Contents:
    """The contents of a label, by KINDS.

    Raises:
        LabelError: it can't be read.
    """
    things = []
    for text in label["objects"]:
        match = THING.fullmatch(text)
        if match is None:
            msg = (
                f"{text!r} of {label['caption']!r} is not a label of an object; "
                "expected '[no|maybe] count head (attributes)', the count a number or *"
            )
            raise LabelError(msg)
        doubt, count, head, attributes = match.groups()
        things.append(
            (
                _head(head),
                attributes.split(", ") if attributes else [],
                None if count == "*" else int(count),
                doubt == "no",
                doubt == "maybe",
            )
        )
    relations = [text.split("|") for text in label["relations"]]
    return _by_kind(
        things,
        [(_head(subject), predicate, _head(other)) for subject, predicate, other in relations],
        [(_head(subject), verb) for subject, verb in (one.split("|") for one in label["actions"])],
        label["place"],
    )


def _by_kind(
    things: Iterable[tuple[str, Iterable[str], int | None, bool, bool]],
    relations: Iterable[tuple],
    actions: Iterable[tuple],
    place: str | None,
) -> Contents:
    things = list(things)
    return {
        "objects": Counter((head,) for head, *_ in things),
        "attributes": Counter((head, word) for head, words, *_ in things for word in words),
        "counts": Counter((head, count) for head, _, count, *_ in things if count is not None),
        "relations": Counter(relations),
        "actions": Counter(actions),
        "place": Counter([(place,)] if place else []),
        "negation": Counter((head,) for head, *_, negated, _ in things if negated),
        "hedge": Counter((head,) for head, *_, hedged in things if hedged),
    }


def _head(text: str) -> str:
    """The head of `man#2`, the second of two men."""
    return text.partition("#")[0]
