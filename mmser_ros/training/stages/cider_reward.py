# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""CIDEr-D as the reward of a caption."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mmser_ros.evaluation.metrics import tokenize

ORDERS = 4
SIGMA = 6.0
END_WORD = "</s>"
"""Counts as a word, so that captions without an end have a lower reward."""


@dataclass(frozen=True)
class _Vector:
    """TF-IDF weights of a caption's n-grams, by n, and their norms."""

    weights: tuple[dict[tuple[str, ...], float], ...]
    norms: tuple[float, ...]
    length: int


class CiderReward:
    """CIDEr-D (arXiv 1411.5726, section 6) against references; their statistics are kept.

    Args:
        references: the human captions of each image; one without any can't be rated.
    """

    def __init__(self, references: Sequence[Sequence[str]]) -> None:
        words = [[_words(caption) for caption in some] for some in references]
        frequency: Counter[tuple[str, ...]] = Counter()
        for some in words:
            frequency.update({gram for caption in some for gram in _grams(caption)})
        self._log_pictures = math.log(max(1, sum(map(bool, references))))
        self._frequency = frequency
        self._references = [[self._vector(caption) for caption in some] for some in words]

    def __call__(self, caption: str, picture: int, ended: bool = True) -> float:
        """The reward of a caption for an image (0 to about 10).

        Args:
            caption: its text.
            picture: index of the image.
            ended: whether the caption has its end token; else it was cut.
        """
        mine = self._vector(_words(caption, ended))
        theirs = self._references[picture]
        return 10.0 * sum(_similarity(mine, one) for one in theirs) / len(theirs)

    def _vector(self, words: Sequence[str]) -> _Vector:
        weights: tuple[dict[tuple[str, ...], float], ...] = tuple({} for _ in range(ORDERS))
        for gram, count in _grams(words).items():
            rarity = self._log_pictures - math.log(max(1, self._frequency[gram]))
            weights[len(gram) - 1][gram] = count * rarity
        norms = tuple(math.sqrt(sum(x * x for x in one.values())) for one in weights)
        return _Vector(weights, norms, len(words))


def _words(caption: str, ended: bool = True) -> list[str]:
    return tokenize(caption).split() + ([END_WORD] if ended else [])


def _grams(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(words[start : start + order])
        for order in range(1, ORDERS + 1)
        for start in range(len(words) - order + 1)
    )


def _similarity(mine: _Vector, theirs: _Vector) -> float:
    penalty = math.exp(-((mine.length - theirs.length) ** 2) / (2 * SIGMA**2))
    total = 0.0
    for order in range(ORDERS):
        norm = mine.norms[order] * theirs.norms[order]
        if norm > 0:
            other = theirs.weights[order]
            product = sum(
                min(weight, other[gram]) * other[gram]
                for gram, weight in mine.weights[order].items()
                if gram in other
            )
            total += product / norm
    return penalty * total / ORDERS
