# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bootstrap intervals of figures over images (Efron 1979)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

DRAWS = 2000
"""Number of bootstrap samples."""
LEVEL = (2.5, 97.5)
"""Percentiles: a 95 % interval."""


@dataclass(frozen=True)
class Figure:
    """A figure of a set of images, usually a ratio of sums over images.

    Attributes:
        value: the figure; 0 if `below` sums to 0.
        above: (images,), terms of the numerator; None if the figure is no ratio.
        below: (images,), terms of the denominator; None if the figure is no ratio.
    """

    value: float
    above: np.ndarray | None = None
    below: np.ndarray | None = None

    @classmethod
    def ratio(cls, above: ArrayLike, below: ArrayLike) -> Figure:
        """A ratio of sums, such as the share of right words over all captions."""
        one, other = np.asarray(above, float), np.asarray(below, float)
        return cls(float(_divide(one.sum(), other.sum())), one, other)

    @classmethod
    def mean(cls, values: ArrayLike) -> Figure:
        """A mean over images."""
        return cls.ratio(values, np.ones(np.shape(values)))

    def interval(self) -> tuple[float, float] | None:
        """The bounds of the 95 % bootstrap interval (seeded); None if the figure is no ratio."""
        drawn = self._drawn()
        return None if drawn is None else _bounds(drawn)

    def _drawn(self) -> np.ndarray | None:
        """The figure in each bootstrap sample, (DRAWS,)."""
        if self.above is None or self.below is None or not len(self.above):
            return None
        counts = _counts(len(self.above))
        return _divide(counts @ self.above, counts @ self.below)


@dataclass(frozen=True)
class Difference:
    """The difference of a figure between two captioners, on the same images.

    Attributes:
        value: the second figure minus the first.
        low: lower bound of the 95 % interval.
        high: upper bound of the 95 % interval.
    """

    value: float
    low: float
    high: float


def difference(before: Figure, after: Figure) -> Difference | None:
    """Compare two figures of the same images by the paired bootstrap.

    Returns:
        The difference; None if a figure is no ratio.
    """
    first, second = before._drawn(), after._drawn()
    if first is None or second is None:
        return None
    return Difference(after.value - before.value, *_bounds(second - first))


def _bounds(drawn: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(drawn, LEVEL)
    return float(low), float(high)


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros_like(above, float), where=np.asarray(below) > 0)


@lru_cache(maxsize=4)
def _counts(pictures: int) -> np.ndarray:
    """Counts of each image in each sample, (DRAWS, images); the same for every figure."""
    random = np.random.default_rng(0)
    return random.multinomial(pictures, np.full(pictures, 1 / pictures), DRAWS).astype(np.float32)
