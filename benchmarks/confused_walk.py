# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A simulated walk with the caption errors of a real model, from its confusion counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.confusions import Confusions
from mmser_ros.core.types import Pose, Region
from mmser_ros.language.interfaces import Words
from mmser_ros.simulation.house import CAMERA, COLOURS, COLUMNS, ROWS, House, Item
from mmser_ros.simulation.walk import FIRST_PASS_RATE, MAX_NAMED, SURE, Mention, Walk

UNKNOWN_DEPTH = 2.0
"""Depth (metres) of an invented object if the depth is unknown."""


@dataclass(frozen=True)
class Row:
    """Caption errors of one word.

    Attributes:
        unnamed: probability that the object is not named.
        wrong: probability that a named object gets a wrong word.
        words: counts of the wrong words.
    """

    unnamed: float
    wrong: float
    words: Mapping[str, float]


class ConfusedWalk(Walk):
    """A walk whose captions miss, confuse and invent objects as often as was counted.

    A word without counts takes those of its kind, or else those of all words. Attributes, counts,
    relations and room words have errors as often as words do. Phrases take the confidences and the
    first pass of correct ones. Errors of different observations are independent.

    Args:
        house: to walk in.
        counted: confusion counts.
        words: the taxonomy.
        seed: of the walk, its noise and its errors.
        depth: whether phrases have points and observations have depth.
    """

    def __init__(
        self, house: House, counted: Confusions, words: Words, seed: int, *, depth: bool = True
    ) -> None:
        self._counted, self._words = counted, words
        self._known = counted.confusions.keys() | counted.missed.keys()
        self._rows: dict[str, Row] = {}
        right = sum(row.get(word, 0.0) for word, row in counted.confusions.items())
        said = sum(sum(row.values()) for row in counted.confusions.values())
        said += sum(counted.invented.values())
        super().__init__(house, 1 - right / said if said else 0.0, seed, depth=depth)

    def _chosen(self, ranked: list[tuple[Item, np.ndarray]]) -> list[tuple[Item, np.ndarray]]:
        named = [one for one in ranked if self.random.random() >= self._row(one[0].word).unnamed]
        return named[:MAX_NAMED]

    def _with_errors(self, said: dict[int, Mention]) -> dict[int, Mention]:
        result = {number: self._with_wrong_attributes(one) for number, one in said.items()}
        for number, one in result.items():
            row = self._row(self.house.items[number].word)
            if self.random.random() < row.wrong:
                result[number] = replace(one, word=self._draw(row.words), right=False)
        return result

    def _invented(self, pose: Pose) -> list[Mention]:
        words = self._counted.invented
        number = int(self.random.poisson(sum(words.values()) / self._counted.pictures))
        return [self._somewhere(self._draw(words), pose) for _ in range(min(number, MAX_NAMED))]

    def _sure(self, named: list[Mention]) -> float:
        right, wrong = self._counted.right, self._counted.wrong
        found = (right or wrong) if all(one.right for one in named) else (wrong or right)
        if not found:
            return super()._sure(named)
        return found[int(self.random.integers(len(found)))]

    def _somewhere(self, word: str, pose: Pose) -> Mention:
        """Invent an object at a random pixel, at the depth of that pixel."""
        column, row = (int(self.random.integers(count)) for count in (COLUMNS, ROWS))
        seen = self.house.depth(pose).centimetres[row * COLUMNS + column] / 100 or UNKNOWN_DEPTH
        u, v = (column + 0.5) * CAMERA.width / COLUMNS, (row + 0.5) * CAMERA.height / ROWS
        point = ((u - CAMERA.cx) / CAMERA.fx * seen, (v - CAMERA.cy) / CAMERA.fy * seen, seen)
        half = CAMERA.fx * 0.2 / seen
        region = Region(u - half, v - half, 2 * half, 2 * half)
        return Mention(
            word, str(self.random.choice(COLOURS)), 1, region, point, right=False,
            in_first_pass=self.random.random() < FIRST_PASS_RATE,
            confidence=self._confidence(*SURE),
        )  # fmt: skip

    def _draw(self, counts: Mapping[str, float]) -> str:
        words = sorted(counts)
        shares = np.array([counts[word] for word in words]) / sum(counts.values())
        return words[int(self.random.choice(len(words), p=shares))]

    def _row(self, word: str) -> Row:
        if word not in self._rows:
            own, kind = self._words.canonical(word), self._words.kind(word)
            alike = [one for one in self._known if self._words.kind(one) == kind]
            pools = (pool(self._counted, some, own) for some in ({own}, alike, self._known))
            self._rows[word] = next((one for one in pools if one is not None), Row(1.0, 0.0, {}))
        return self._rows[word]


def pool(counted: Confusions, words: Iterable[str], own: str) -> Row | None:
    """Pool the counts of several words; None if there are no counts.

    Args:
        counted: confusion counts.
        words: true words.
        own: a word that does not count as wrong.
    """
    right = missed = 0.0
    wrong: dict[str, float] = {}
    for word in sorted(words):
        missed += counted.missed.get(word, 0.0)
        for said, count in counted.confusions.get(word, {}).items():
            if said == word:
                right += count
            elif said != own:
                wrong[said] = wrong.get(said, 0.0) + count
    named = right + sum(wrong.values())
    if not named + missed:
        return None
    return Row(missed / (named + missed), sum(wrong.values()) / named if named else 0.0, wrong)
