# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The word lists of the caption parser (see config/lexicon/caption_words.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from mmser_ros.core.resources import share_path
from mmser_ros.core.yaml_text import read_yaml
from mmser_ros.language.taxonomy import TaxonomyError
from mmser_ros.language.types import PREDICATES

STANDS_FOR = {"on": "on", "in": "in"}
"""Predicate → simple preposition for its wordings of several words; the default is `near`."""


@dataclass(frozen=True)
class Rewriting:
    """Wordings with a simpler replacement.

    Attributes:
        wording: pattern to replace, in lower case.
        replacement: the simpler text.
        means: `hedged`, `hedged clause`, a predicate, or empty.
    """

    wording: re.Pattern[str]
    replacement: str
    means: str


@dataclass(frozen=True)
class CaptionWords:
    """The sections of the file by name; see `read` for `rewritten`."""

    rewritten: tuple[Rewriting, ...]
    prepositions: Mapping[str, str]
    verbs: Mapping[str, str]
    turned: Mapping[str, str]
    numbers: Mapping[str, int]
    persons: Mapping[str, int | None]
    lemmas: Mapping[str, str]
    put: frozenset[str]
    placed: frozenset[str]
    of_objects: frozenset[str]
    lead_animals: frozenset[str]
    states: frozenset[str]
    no_states: frozenset[str]
    crossed: frozenset[str]
    settings: frozenset[str]
    quantities: frozenset[str]
    colours: frozenset[str]
    containers: frozenset[str]
    pictures: frozenset[str]
    parts: frozenset[str]
    body: frozenset[str]
    grips: frozenset[str]
    no_objects: frozenset[str]
    uncountable: frozenset[str]
    plural_only: frozenset[str]
    unchanging: frozenset[str]

    @classmethod
    def read(cls, path: Path | None = None) -> CaptionWords:
        """Read the file.

        Prepositions of several words become rewritings that mean their predicate. `verbs` and
        `turned` are inverted to word → predicate.

        Raises:
            TaxonomyError: the file can't be read, lacks a section, or has an unknown predicate.
        """
        path = path or share_path("config/lexicon/caption_words.yaml")
        try:
            document = read_yaml(path.read_text(encoding="utf-8"))
            return cls._of(document)
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, re.error) as error:
            msg = (
                f"{path} is no list of caption words ({error!r}); expected the sections "
                f"{', '.join(field.name for field in fields(cls))}, predicates of {PREDICATES} "
                "(quote words such as on and no, which YAML reads as truth values)"
            )
            raise TaxonomyError(msg) from error

    @classmethod
    def _of(cls, document: Any) -> CaptionWords:
        wordings = _by_wording(document["prepositions"])
        rewritten = [
            Rewriting(_pattern(one["wording"]), one["as"], one.get("means", ""))
            for one in document["rewritten"]
        ]
        several = [wording for wording in wordings if not wording.isalpha()]
        rewritten[:0] = [
            Rewriting(
                _pattern([wording]), STANDS_FOR.get(wordings[wording], "near"), wordings[wording]
            )
            for wording in sorted(several, key=len, reverse=True)
        ]
        given: dict[str, Any] = {
            "rewritten": tuple(rewritten),
            "prepositions": {word: wordings[word] for word in wordings if word.isalpha()},
            "verbs": _by_wording(document["verbs"]),
            "turned": _by_wording(document["turned"]),
            **{name: dict(document[name]) for name in ("numbers", "persons", "lemmas")},
        }
        for field in fields(cls):
            if field.name not in given:
                given[field.name] = frozenset(document.get(field.name) or ())
        empty = [name for name, words in given.items() if not words]
        if empty:
            raise KeyError(*empty)
        return cls(**given)


def _by_wording(by_predicate: Mapping[str, list[str]]) -> dict[str, str]:
    """Wording → predicate, from predicate → wordings."""
    unknown = set(by_predicate) - set(PREDICATES)
    if unknown:
        raise KeyError(*sorted(unknown))
    return {word: predicate for predicate, words in by_predicate.items() for word in words}


def _pattern(wordings: list[str]) -> re.Pattern[str]:
    """A pattern of any of the wordings as whole words."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(wordings)})(?![\w-])")
