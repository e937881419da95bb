# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a captioner takes for what: its wrong words, counted against what is in the pictures."""

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
"""Gives the things that a caption names."""
PLACE = "place"
"""The kind of words that say where things are; they are no things."""


class ConfusionsError(MmserError):
    """Captions, truth or a file of confusions that can't be."""


@dataclass(frozen=True)
class Confusions:
    """How often a captioner says which word of which thing.

    A count need not be whole: where two wrong words could be said of either of two things, each
    pair counts a half.

    Attributes:
        pictures: how many were looked at.
        confusions: by true word, how often each word was said of it; itself: it was named rightly.
        missed: by true word, how often no word was said of it.
        invented: by word, how often it was said of nothing.
        right: confidences of captions that name nothing that is not there.
        wrong: confidences of the others.
    """

    pictures: int
    confusions: Mapping[str, Mapping[str, float]]
    missed: Mapping[str, float]
    invented: Mapping[str, float]
    right: tuple[float, ...] = ()
    wrong: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON-able values, words in their order."""
        return {
            "pictures": self.pictures,
            "confusions": {word: _sorted(said) for word, said in sorted(self.confusions.items())},
            "missed": _sorted(self.missed),
            "invented": _sorted(self.invented),
            "confidences": {"right": list(self.right), "wrong": list(self.wrong)},
        }


def read_confusions(path: Path) -> Confusions:
    """Read what `Confusions.as_dict` gave, from a JSON file.

    Raises:
        ConfusionsError: it can't be read, or is something else.
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
    """Count which words a captioner says of which things.

    A word is right where it can mean a thing that is there: a synonym, or more or less general.
    A wrong word is taken to be said of a thing of its kind that no word was said of; without
    one it is invented. Each word counts once a picture.

    Args:
        captions: picture → caption.
        truth: picture → words of all things in it.
        read: gives the things that a caption names: `parsed_things` or `listed_things`.
        words: a lexicon.
        confidences: picture → confidence of its caption, 0 to 1, where there is one.

    Raises:
        ConfusionsError: there is no caption, or no truth of a picture.
    """
    absent = sorted(captions.keys() - truth.keys())
    if absent or not captions:
        msg = f"got {len(captions)} captions, {len(absent)} without truth ({absent[:3]}); expected "
        msg += "some, each of a picture that the truth has: use the same names of pictures in both"
        raise ConfusionsError(msg)
    confusions: dict[str, dict[str, float]] = {}
    missed: dict[str, float] = defaultdict(float)
    invented: dict[str, float] = defaultdict(float)
    sure: dict[bool, list[float]] = {True: [], False: []}
    for picture in sorted(captions):
        said, there = _things(read(captions[picture]), words), _things(truth[picture], words)
        wrong = [one for one in said if not any(words.same(one, other) for other in there)]
        for thing in there:
            row = confusions.setdefault(thing, defaultdict(float))
            row[thing] += any(words.same(one, thing) for one in said)
        silent = [one for one in there if not any(words.same(other, one) for other in said)]
        for kind in sorted({words.kind(one) for one in (*wrong, *silent)}):
            of, by = ([one for one in some if words.kind(one) == kind] for some in (silent, wrong))
            pairs = min(len(of), len(by))
            for thing in of:
                missed[thing] += 1 - pairs / len(of)
                for word in by:
                    confusions[thing][word] += pairs / (len(of) * len(by))
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


def parsed_things(parser: Parser, words: Words) -> Reader:
    """Reads a caption as the scene memory does: what it says is there, places left out."""

    def read(caption: str) -> list[str]:
        things = parser.parse(caption).things
        return [one.head for one in things if not one.negated and words.kind(one.head) != PLACE]

    return read


def listed_things(listed: Iterable[str]) -> Reader:
    """Finds the listed words, in the singular or with -s or -es, wherever they stand."""
    longest_first = sorted({" ".join(one.lower().split()) for one in listed}, key=lambda w: -len(w))
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})(?:e?s)?\b")
    return lambda caption: pattern.findall(caption.lower())


def _things(said: Iterable[str], words: Words) -> list[str]:
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
