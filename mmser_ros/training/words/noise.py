# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Noisy word prompts for captions without a picture, with a detector's typical errors.

- A caption gets the detector's probabilities for a similar picture.
- Words of the caption that this picture lacks get their probability from a picture that has them.
- Words of the picture that the caption lacks are mostly removed.
- People and animals are removed if the caption has none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.captioner.model.word_prompt import LEAST, choose_words
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.language.word_finder import PERSON, word_forms
from mmser_ros.training.words.targets import WordTargets

CHUNK = 2000
"""Captions per batch of the search for similar pictures."""
RAREST = 6.0
"""Upper bound of a word's rarity, in nats."""
KEPT = 0.35
"""Chance that a word of the picture which the caption lacks stays."""
REMAINING = 0.2
"""Upper bound of the factor on the probability of a removed word."""


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
    """The words that a robot's prompt would have, with their probabilities."""
    pairs = zip(names, probabilities.tolist(), strict=True)
    return choose_words(one for one in pairs if one[0] != NOTHING)


class NearestPictures:
    """Finds pictures similar to captions, and gives captions their detected words."""

    def __init__(
        self, names: Sequence[str], probabilities: np.ndarray, targets: WordTargets, *, seed: int
    ) -> None:
        """Set up the search.

        Args:
            names: words of the detector.
            probabilities: (pictures, words) float32, from a detector not trained on the picture.
            targets: word targets of the same pictures.
            seed: seed of every draw.
        """
        self._column = {word: number for number, word in enumerate(names)}
        self._probabilities = probabilities
        self._truth = targets.truth
        self._random = np.random.default_rng(seed)
        self._people, self._animals = living(names)
        rarity = -np.log(targets.truth.mean(0) + 1e-3)
        self._rarity = np.clip(rarity, 0, RAREST).astype(np.float32)
        having = targets.truth & (targets.weight > 0)
        self._having = [np.flatnonzero(column) for column in having.T]

    def nearest(self, captions: Sequence[set[str]], best: int = 3) -> tuple[np.ndarray, np.ndarray]:
        """Find a similar picture for each caption.

        Args:
            captions: the words of each caption.
            best: number of nearest pictures to draw from.

        Returns:
            (captions,) numbers of the drawn pictures, and (captions,) similarities of the nearest
            ones.
        """
        truth = self._truth.astype(np.float32)
        lengths = np.sqrt((truth * self._rarity).sum(1)) + 2
        best = min(best, len(truth))
        chosen: list[np.ndarray] = [np.zeros(0, int)]
        fits: list[np.ndarray] = [np.zeros(0, np.float32)]
        for start in range(0, len(captions), CHUNK):
            some = captions[start : start + CHUNK]
            present = np.zeros((len(some), truth.shape[1]), np.float32)
            for row, words in enumerate(some):
                present[row, [self._column[word] for word in words]] = 1
            fit = (present * self._rarity) @ truth.T / lengths
            fit /= np.sqrt(present @ self._rarity)[:, None] + 1e-3
            fits.append(fit.max(1))
            fit += self._random.random(fit.shape, dtype=np.float32) * 0.03  # random order of ties
            near = np.argpartition(-fit, best - 1, axis=1)[:, :best]
            chosen.append(near[np.arange(len(near)), self._random.integers(best, size=len(near))])
        return np.concatenate(chosen), np.concatenate(fits)

    def probabilities(self, words: set[str], picture: int) -> np.ndarray:
        """Noisy probabilities (words,) for a caption with these words, from a similar picture."""
        random = self._random
        found = self._probabilities[picture].copy()
        columns = [self._column[word] for word in sorted(words)]
        in_caption = np.zeros(len(found), bool)
        in_caption[columns] = True
        removed = self._truth[picture] & ~in_caption & (random.random(len(found)) > KEPT)
        found[removed] *= random.random(int(removed.sum())) * REMAINING
        for column in columns:
            if not self._truth[picture, column] and len(self._having[column]):
                other = random.choice(self._having[column])
                found[column] = self._probabilities[other, column]
        for some in (self._people, self._animals):
            if not in_caption[some].any():  # below the least probability of a prompt
                found[some] *= random.random(len(some)) * LEAST
        return found
