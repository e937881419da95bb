# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Entities, attributes and relations of captions: F1 against references, and invented entities.

After CHAIR (arXiv 1809.02156) and CAPTURE (arXiv 2405.19092). spaCy's small English model parses
captions and references. An entity is invented if no reference has its word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from spacy.tokens import Doc, Token

from mmser_ros.evaluation.bootstrap import Figure
from mmser_ros.language.spacy_model import load_parser

NOT_OBJECTS = frozenset({
    "area", "back", "background", "bottom", "bunch", "couple", "distance", "edge", "end", "front",
    "group", "left", "lot", "middle", "number", "other", "pair", "picture", "right", "row", "scene",
    "set", "side", "top", "way",
})  # fmt: skip
"""Nouns that express a place or a quantity, not an object."""
RELATING = frozenset({"prep", "agent"})
SUBJECTS = frozenset({"nsubj", "nsubjpass"})


@dataclass(frozen=True)
class Structure:
    """The contents of a caption, in lemmas.

    Attributes:
        entities: nouns.
        attributes: (noun, attribute or number).
        relations: (noun, verb or preposition, noun).
        words: all words.
    """

    entities: frozenset[str]
    attributes: frozenset[tuple[str, ...]]
    relations: frozenset[tuple[str, ...]]
    words: frozenset[str]


KINDS = tuple(field.name for field in fields(Structure) if field.name != "words")


def parse(captions: Iterable[str]) -> Iterator[Structure]:
    """Yield the structure of each caption."""
    texts = (caption.strip(" .").lower() for caption in captions)
    for doc in load_parser().pipe(texts, batch_size=256):
        things = {token for token in doc if _is_thing(token)}
        yield Structure(
            frozenset(token.lemma_ for token in things),
            frozenset(_attributes(things)),
            frozenset(_relations(doc, things)),
            frozenset(token.lemma_ for token in doc),
        )


def structure_figures(
    captions: Mapping[str, str], references: Mapping[str, Sequence[str]]
) -> dict[str, Figure]:
    """Score the contents of captions against those of their references.

    Args:
        captions: image → caption.
        references: image → its human captions.

    Returns:
        - `CHAIR-i`: the share of entities whose word no reference has; lower is better.
        - `CHAIR-s`: the share of captions with such an entity; lower is better.
        - `entity F1`, `attribute F1`, `relation F1`: F1 against the best reference, mean over
          images. Images without any in caption and references are left out.
    """
    mine, theirs = _parse_all(captions, references)
    wrong = _unseen(mine, theirs).values()
    figures = {
        "CHAIR-i": Figure.ratio([*map(len, wrong)], [len(one.entities) for one in mine.values()]),
        "CHAIR-s": Figure.mean([*map(bool, wrong)]),
    }
    for kind in KINDS:
        values = [
            max(_f1(getattr(parsed, kind), getattr(one, kind)) for one in theirs[name])
            for name, parsed in mine.items()
        ]
        counted = [
            bool(getattr(parsed, kind) or any(getattr(one, kind) for one in theirs[name]))
            for name, parsed in mine.items()
        ]
        label = {"entities": "entity", "attributes": "attribute", "relations": "relation"}[kind]
        figures[f"{label} F1"] = Figure.ratio(values, counted)
    return figures


def unseen_entities(
    captions: Mapping[str, str], references: Mapping[str, Sequence[str]]
) -> dict[str, frozenset[str]]:
    """Entities of each caption whose word no reference has (see CHAIR).

    Args:
        captions: image → caption.
        references: image → its human captions.
    """
    return _unseen(*_parse_all(captions, references))


def _parse_all(
    captions: Mapping[str, str], references: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Structure], dict[str, list[Structure]]]:
    mine = dict(zip(captions, parse(captions.values()), strict=True))
    flat = [(name, one) for name in captions for one in references[name]]
    theirs: dict[str, list[Structure]] = {name: [] for name in captions}
    for (name, _), structure in zip(flat, parse(one for _, one in flat), strict=True):
        theirs[name].append(structure)
    return mine, theirs


def _unseen(
    mine: Mapping[str, Structure], theirs: Mapping[str, Sequence[Structure]]
) -> dict[str, frozenset[str]]:
    return {
        name: parsed.entities - frozenset().union(*(one.words for one in theirs[name]))
        for name, parsed in mine.items()
    }


def _is_thing(token: Token) -> bool:
    compound = token.dep_ == "compound"
    return token.pos_ in ("NOUN", "PROPN") and not compound and token.lemma_ not in NOT_OBJECTS


def _attributes(things: Iterable[Token]) -> Iterator[tuple[str, ...]]:
    for thing in things:
        for child in thing.children:
            if child.dep_ in ("amod", "nummod", "compound"):
                yield thing.lemma_, child.lemma_
        if thing.dep_ in SUBJECTS and thing.head.lemma_ == "be":
            for child in thing.head.children:
                if child.dep_ == "acomp":
                    yield thing.lemma_, child.lemma_


def _relations(doc: Doc, things: set[Token]) -> Iterator[tuple[str, ...]]:
    for thing in things:
        if thing.dep_ == "pobj" and thing.head.dep_ in RELATING:
            preposition = thing.head
            for subject in _subjects(preposition.head, things):
                yield subject.lemma_, preposition.lemma_, thing.lemma_
        if thing.dep_ in ("dobj", "obj"):
            for subject in _subjects(thing.head, things):
                yield subject.lemma_, thing.head.lemma_, thing.lemma_


def _subjects(token: Token, things: set[Token]) -> list[Token]:
    """The subjects of a preposition or an object: its head noun, or its verb's subjects."""
    if token in things:
        return [token]
    found = [child for child in token.children if child.dep_ in SUBJECTS and child in things]
    if not found and token.dep_ in ("acl", "relcl", "advcl", "conj", "xcomp", "prep"):
        return _subjects(token.head, things) if token.head is not token else []
    return found


def _f1(mine: frozenset, theirs: frozenset) -> float:
    return 2 * len(mine & theirs) / max(1, len(mine) + len(theirs))
