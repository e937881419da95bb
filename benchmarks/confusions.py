# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Confusion counts of a captioner: its wrong words against the objects in the images."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmser_ros.core.errors import MmserError
from mmser_ros.language.interfaces import Parser, Words

Reader = Callable[[str], Iterable[str]]
"""Returns the objects that a caption names."""
PLACE = "place"
"""Kind of the words for places, which are not objects."""


class ConfusionsError(MmserError):
    """Captions, ground truth or a file of confusions is invalid."""


@dataclass(frozen=True)
class Confusions:
    """How often a captioner uses each word for each object.

    Counts may be fractions: if two wrong words could refer to either of two objects, each pair
    counts one half.

    Attributes:
        pictures: number of images.
        confusions: by true word, counts of the words used for it; its own word: named correctly.
        missed: by true word, how often no word was used for it.
        invented: by word, how often it referred to no object.
        right: confidences of captions that name no absent object.
        wrong: confidences of the other captions.
    """

    pictures: int
    confusions: Mapping[str, Mapping[str, float]]
    missed: Mapping[str, float]
    invented: Mapping[str, float]
    right: tuple[float, ...] = ()
    wrong: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON values, sorted."""
        return {
            "pictures": self.pictures,
            "confusions": {word: _sorted(said) for word, said in sorted(self.confusions.items())},
            "missed": _sorted(self.missed),
            "invented": _sorted(self.invented),
            "confidences": {"right": list(self.right), "wrong": list(self.wrong)},
        }


def read_confusions(path: Path) -> Confusions:
    """Read a JSON file with the values of `Confusions.as_dict`.

    Raises:
        ConfusionsError: the file can't be read, or has other content.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        confidences = document.get("confidences", {})
        read = Confusions(
            int(document["pictures"]),
            {word: _counts(said) for word, said in document["confusions"].items()},
            _counts(document["missed"]),
            _counts(document["invented"]),
            *(tuple(map(float, confidences.get(key, ()))) for key in ("right", "wrong")),
        )
        if read.pictures < 1 or not all(0 <= one <= 1 for one in (*read.right, *read.wrong)):
            raise ValueError(document)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        msg = (
            f"{path} is no file of confusions ({error!r}); expected pictures (1 or more), "
            "confusions, missed and invented with counts, and confidences of 0 to 1: make it with "
            "'python benchmarks/memory_house.py --make-confusions captions.json truth.json'"
        )
        raise ConfusionsError(msg) from error
    return read


def count_confusions(
    captions: Mapping[str, str],
    truth: Mapping[str, Iterable[str]],
    *,
    read: Reader,
    words: Words,
    confidences: Mapping[str, float] | None = None,
) -> Confusions:
    """Count which words a captioner uses for which objects.

    A word is correct if it can mean an object in the image: a synonym, or a more or less general
    word. A wrong word is assigned to an object of its kind that no word names; without such an
    object it is invented. Each word counts once per image.

    Args:
        captions: image → caption.
        truth: image → words of all objects in it.
        read: returns the objects that a caption names: `parsed_objects` or `listed_objects`.
        words: the taxonomy.
        confidences: image → confidence of its caption, 0 to 1, where there is one.

    Raises:
        ConfusionsError: there is no caption, or an image without ground truth.
    """
    absent = sorted(captions.keys() - truth.keys())
    if absent or not captions:
        msg = f"got {len(captions)} captions, {len(absent)} without truth ({absent[:3]}); expected "
        msg += "some, each of an image that the truth has: use the same names of images in both"
        raise ConfusionsError(msg)
    confusions: dict[str, dict[str, float]] = {}
    missed: dict[str, float] = defaultdict(float)
    invented: dict[str, float] = defaultdict(float)
    sure: dict[bool, list[float]] = {True: [], False: []}
    for picture in sorted(captions):
        said, there = _objects(read(captions[picture]), words), _objects(truth[picture], words)
        wrong = [one for one in said if not any(words.similarity(one, other) for other in there)]
        for obj in there:
            row = confusions.setdefault(obj, defaultdict(float))
            row[obj] += any(words.similarity(one, obj) for one in said)
        silent = [one for one in there if not any(words.similarity(other, one) for other in said)]
        for kind in sorted({words.kind(one) for one in (*wrong, *silent)}):
            of, by = ([one for one in some if words.kind(one) == kind] for some in (silent, wrong))
            pairs = min(len(of), len(by))
            for obj in of:
                missed[obj] += 1 - pairs / len(of)
                for word in by:
                    confusions[obj][word] += pairs / (len(of) * len(by))
            for word in by:
                invented[word] += 1 - pairs / len(by)
        if confidences and picture in confidences:
            sure[not wrong].append(confidences[picture])
    return Confusions(
        len(captions),
        {word: _positive(row) for word, row in confusions.items()},
        _positive(missed),
        _positive(invented),
        tuple(sorted(sure[True])),
        tuple(sorted(sure[False])),
    )


def parsed_objects(parser: Parser, words: Words) -> Reader:
    """A reader that parses captions as the scene memory does, without places."""

    def read(caption: str) -> list[str]:
        objects = parser.parse(caption).objects
        return [one.head for one in objects if not one.negated and words.kind(one.head) != PLACE]

    return read


def listed_objects(listed: Iterable[str]) -> Reader:
    """A reader that finds the listed words, in the singular or with -s or -es."""
    longest_first = sorted({" ".join(one.lower().split()) for one in listed}, key=lambda w: -len(w))
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})(?:e?s)?\b")
    return lambda caption: pattern.findall(caption.lower())


def _objects(said: Iterable[str], words: Words) -> list[str]:
    canonical = {words.canonical(one) for one in said}
    return sorted(one for one in canonical if words.kind(one) != PLACE)


def _positive(counts: Mapping[str, float]) -> dict[str, float]:
    return {word: round(count, 4) for word, count in counts.items() if count > 0}


def _sorted(counts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _counts(document: Mapping[str, Any]) -> dict[str, float]:
    counts = {str(word): float(count) for word, count in document.items()}
    if not all(0 <= one < float("inf") for one in counts.values()):
        raise ValueError(document)
    return counts
