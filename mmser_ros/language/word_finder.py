# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Finds the words of a vocabulary in captions, also as plurals and synonyms."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache

from mmser_ros.core.resources import share_path
from mmser_ros.core.yaml_text import read_yaml

PERSON = "person"


@dataclass(frozen=True)
class WordForms:
    """The content of config/lexicon/word_forms.yaml.

    Attributes:
        people: words for people.
        alike: groups of synonyms.
        singulars: plural → singular, for irregular plurals.
        unchanged: singular words that end like a plural.
    """

    people: frozenset[str]
    alike: tuple[tuple[str, ...], ...]
    singulars: dict[str, str]
    unchanged: frozenset[str]


@cache
def word_forms() -> WordForms:
    """Read config/lexicon/word_forms.yaml.

    Raises:
        ResourceError: the file is missing.
    """
    text = share_path("config/lexicon/word_forms.yaml").read_text(encoding="utf-8")
    fields = read_yaml(text)
    return WordForms(
        frozenset(fields["people"]),
        tuple(map(tuple, fields["alike"])),
        fields["singulars"],
        frozenset(fields["unchanged"]),
    )


def words_of(caption: str) -> list[str]:
    """The words of a caption, lower-case letters only."""
    return re.findall(r"[a-z]+", caption.lower().replace("'s", ""))


def singular(word: str) -> str:
    """The singular of a noun by English endings; a word that is no plural stays the same."""
    forms = word_forms()
    if word in forms.unchanged:
        return word
    if word in forms.singulars:
        return forms.singulars[word]
    for pattern, end in ((r"\w{2,}ies$", "y"), (r"(ch|sh|ss|x|o)es$", "")):
        if re.search(pattern, word):
            return word[: -len("ies")] + end if end else word[:-2]
    if re.search(r"\w\w[^su]s$", word):
        return word[:-1]
    return word


def longest_ending(phrase: str, head: str, words: Container[str]) -> str | None:
    """The longest of some words that a noun phrase ends with; None if there is none.

    Examples:
        >>> longest_ending("two wooden dining tables", "table", {"table", "dining table"})
        'dining table'
    """
    before = phrase.lower().split()[:-1]
    endings = (" ".join([*before[start:], head]) for start in range(len(before) + 1))
    return next((one for one in endings if one in words), None)


class WordFinder:
    """Finds the words of a vocabulary in captions."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Take a vocabulary: words, and phrases such as "traffic light"."""
        self._known = frozenset(vocabulary)
        self._people = word_forms().people
        self._alike = {
            word: [one for one in some if one in self._known]
            for some in word_forms().alike
            for word in some
        }
        phrases = sorted((word for word in self._known if " " in word), key=len, reverse=True)
        self._phrases = (
            re.compile(rf"\b({'|'.join(map(re.escape, phrases))})s?\b") if phrases else None
        )

    def alike(self, word: str) -> list[str]:
        """The synonyms of a word in the vocabulary, including the word if it is there."""
        return self._alike.get(word, [word] if word in self._known else [])

    def find(self, caption: str) -> set[str]:
        """The words of the vocabulary in a caption; words for people add "person"."""
        found: set[str] = set()
        words = words_of(caption)
        for word in words:
            for form in (word, singular(word)):
                if form in self._known:
                    found.update(self.alike(form))
            if word in self._people and PERSON in self._known:
                found.add(PERSON)
        if self._phrases:
            found.update(one[1] for one in self._phrases.finditer(" ".join(words)))
        return found
