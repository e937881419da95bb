# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Prompts of words for captions without a picture, as wrong as a detector's would be.

A caption takes over the odds of a picture that is like it: what the detector found there, missed
or made up. What the caption says and the picture lacks comes from other pictures that have it; what
the picture has and the caption does not say is mostly taken away. The prompt never has people
where the caption says nobody, nor animals where it has none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.captioner.model.word_prompt import LEAST, MOST
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.language.word_finder import PERSON, word_forms
from mmser_ros.training.words.targets import WordTargets

CHUNK = 2000
"""Captions that donors are sought for at once."""
RAREST = 6.0
"""The most that a word counts, in nats of its rarity."""
KEPT = 0.35
"""Chance that what the picture has and the caption does not say stays."""
FADED = 0.2
"""The most that is left of the probability of what is taken away."""


def living(names: Sequence[str]) -> tuple[list[int], list[int]]:
    """Columns of the words for people and for animals."""
    lexicon = Taxonomy()
    people = word_forms().people | {PERSON}
    kinds = {word: lexicon.kind(word) for word in names}
    return (
        [i for i, word in enumerate(names) if word in people or kinds[word] == "person"],
        [i for i, word in enumerate(names) if word not in people and kinds[word] == "animal"],
    )


def prompt_words(names: Sequence[str], probabilities: np.ndarray) -> list[tuple[str, float]]:
    """Words for a prompt with their probabilities (words,), the likeliest first."""
    order = np.argsort(-probabilities, kind="stable")
    likely = [index for index in order if probabilities[index] >= LEAST and names[index] != NOTHING]
    return [(names[index], float(probabilities[index])) for index in likely[:MOST]]


class Donors:
    """Pictures with captions or labels, whose detected words captions take over."""

    def __init__(
        self, names: Sequence[str], probabilities: np.ndarray, targets: WordTargets, *, seed: int
    ) -> None:
        """Take the pictures.

        Args:
            names: of the words.
            probabilities: (pictures, words) float32, of a detector that has not learned from the
                picture.
            targets: of the same pictures.
            seed: of every draw.
        """
        self._place = {word: number for number, word in enumerate(names)}
        self._probabilities = probabilities
        self._truth = targets.truth
        self._random = np.random.default_rng(seed)
        self._people, self._animals = living(names)
        self._rarity = np.minimum(-np.log(targets.truth.mean(0) + 1e-3), RAREST).astype(np.float32)
        having = targets.truth & (targets.weight > 0)
        self._having = [np.flatnonzero(column) for column in having.T]

    def like(self, captions: Sequence[set[str]], best: int = 3) -> tuple[np.ndarray, np.ndarray]:
        """Pictures that are like captions.

        Args:
            captions: the words of each.
            best: how many pictures each may choose from.

        Returns:
            (captions,) numbers of pictures, one drawn of the best; and (captions,) how well the
            best one fits.
        """
        truth = self._truth.astype(np.float32)
        lengths = np.sqrt((truth * self._rarity).sum(1)) + 2
        best = min(best, len(truth))
        chosen: list[np.ndarray] = [np.zeros(0, int)]
        fits: list[np.ndarray] = [np.zeros(0, np.float32)]
        for start in range(0, len(captions), CHUNK):
            some = captions[start : start + CHUNK]
            said = np.zeros((len(some), truth.shape[1]), np.float32)
            for row, words in enumerate(some):
                said[row, [self._place[word] for word in words]] = 1
            fit = (said * self._rarity) @ truth.T / lengths
            fit /= np.sqrt(said @ self._rarity)[:, None] + 1e-3
            fits.append(fit.max(1))
            fit += self._random.random(fit.shape, dtype=np.float32) * 0.03  # of equals, any
            near = np.argpartition(-fit, best - 1, axis=1)[:, :best]
            chosen.append(near[np.arange(len(near)), self._random.integers(best, size=len(near))])
        return np.concatenate(chosen), np.concatenate(fits)

    def probabilities(self, said: set[str], picture: int) -> np.ndarray:
        """Probabilities (words,) for a caption with these words, as of a picture like it."""
        random = self._random
        found = self._probabilities[picture].copy()
        columns = [self._place[word] for word in sorted(said)]
        spoken = np.zeros(len(found), bool)
        spoken[columns] = True
        gone = self._truth[picture] & ~spoken & (random.random(len(found)) > KEPT)
        found[gone] *= random.random(int(gone.sum())) * FADED
        for column in columns:
            if not self._truth[picture, column] and len(self._having[column]):
                other = random.choice(self._having[column])
                found[column] = self._probabilities[other, column]
        for some in (self._people, self._animals):
            if not spoken[some].any():  # below what a prompt tells
                found[some] *= random.random(len(some)) * LEAST
        return found
