# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A taxonomy of words: synonyms, kinds, and the similarity of two words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

import yaml

from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import share_path
from mmser_ros.core.yaml_text import read_yaml

KINDS = ("person", "animal", "vehicle", "object", "furniture", "fixture", "place")
"""From short-lived to permanent; places are the locations of objects."""
HYPERNYM = 0.7
"""Similarity of a word and its more general word; a factor for each further step."""
PERSONS = ("man", "men", "woman", "women", "person", "people")
SHORTEST_END = 4
"""Minimum letters of a known word at the end of an unknown one: "x-bar" is not a bar."""


class TaxonomyError(MmserError):
    """A taxonomy file can't be read or is invalid."""


class Taxonomy:
    """Words for objects and places (by default, those of config/lexicon/objects.yaml).

    Words are looked up as lower-case lemmas; of a plural the ending is removed. A word that is not
    listed is a kind of the listed word that it ends with ("office chair", "dishtowel"), else of
    the kind `object`.

    Raises:
        TaxonomyError: the file can't be read, has another structure, or has a word twice.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or share_path("config/lexicon/objects.yaml")
        try:
            document = read_yaml(path.read_text(encoding="utf-8"))
            rows = [
                (kind, group, word.split("/"))
                for kind in KINDS
                for group, words in document[kind].items()
                for word in words
            ]
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            msg = (
                f"{path} is no taxonomy ({error!r}); expected {', '.join(KINDS)}, each with named "
                "groups of words (quote words such as no, which YAML reads as a truth value)"
            )
            raise TaxonomyError(msg) from error
        self._canonical: dict[str, str] = {}
        self._group: dict[str, str] = {}
        self._kind: dict[str, str] = {kind: kind for kind in KINDS}
        for kind, group, words in rows:
            for word in words:
                if word in self._canonical:
                    msg = f"{path} has {word!r} twice; expected each word once: remove one"
                    raise TaxonomyError(msg)
                self._canonical[word] = words[0]
            self._kind[words[0]] = kind
            # The word that gives a group its name is not a kind of itself.
            self._group[words[0]] = kind if words[0] == group else group
            self._group.setdefault(group, kind)
            self._kind.setdefault(group, kind)
        self._canonical.update({word: word for word in self._kind if word not in self._canonical})
        self._known = lru_cache(maxsize=65536)(self._find_known)

    def canonical(self, word: str) -> str:
        """The canonical word: `couch` for `sofa`, `car` for `Cars`."""
        word = " ".join(word.lower().split())
        return self._known(word) or word

    def kind(self, word: str) -> str:
        """One of KINDS; `object` for unknown words."""
        for general in self._chain(self.canonical(word)):
            if general in self._kind:
                return self._kind[general]
        return "object"

    def similarity(self, first: str, second: str) -> float:
        """Similarity of two words: how well they can mean the same object.

        Returns:
            1 for equal words and synonyms; HYPERNYM to the power of the steps between them if one
            is a kind of the other (boy → child → person); else 0.
        """
        chains = [list(self._chain(self.canonical(word))) for word in (first, second)]
        for one, other in (chains, chains[::-1]):
            if one[0] in other:
                return HYPERNYM ** other.index(one[0])
        return 0.0

    def is_a(self, word: str, general: str) -> bool:
        """Whether a word equals another one or is a kind of it: a `sock` is `clothing`."""
        return self.canonical(general) in self._chain(self.canonical(word))

    def __contains__(self, word: str) -> bool:
        """Whether a word or its singular is listed."""
        return self._known(word.lower()) is not None

    @cached_property
    def compounds(self) -> frozenset[str]:
        """The listed compounds."""
        return frozenset(word for word in self._canonical if " " in word)

    def _chain(self, word: str) -> Iterator[str]:
        """Yield a canonical word, then its more general words."""
        yield word
        seen = {word}
        while (general := self._group.get(word) or self._ending(word)) and general not in seen:
            word = self._canonical.get(general, general)
            seen |= {general, word}
            yield word

    def _find_known(self, word: str) -> str | None:
        return next((self._canonical[one] for one in _forms(word) if one in self._canonical), None)

    def _ending(self, word: str) -> str | None:
        """The more general word of an unlisted word, by its ending."""
        if word in self._kind:
            return None
        _, space, last = word.rpartition(" ")
        if space:
            return self._known(last) or last
        if word.endswith(PERSONS):
            return "person"
        ends = (word[at:] for at in range(2, len(word) - SHORTEST_END + 1))
        return next((self._canonical[end] for end in ends if end in self._canonical), None)


def _forms(word: str) -> Iterator[str]:
    """Yield a word and its possible singulars."""
    yield word
    for plural, singular in (("men", "man"), ("ves", "f"), ("ves", "fe"), ("ies", "y")):
        if word.endswith(plural):
            yield word.removesuffix(plural) + singular
    if word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
        if word.endswith("es"):
            yield word[:-2]
