# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Paired permutation tests: is one of two captioners better on the same homes?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import permutation_test

RESAMPLES = 9999
"""Random exchanges of pairs; with few pairs all exchanges are counted instead."""


def paired_test(before: Sequence[float], after: Sequence[float]) -> dict[str, float]:
    """Compare two figures of the same homes.

    Args:
        before: a figure of each home.
        after: the other figure of each home, in the same order; pairs with NaN are left out.

    Returns:
        `value`: mean of the differences, after less before. `p`: the share of exchanges of the
        values of homes whose mean differs at least as much, in either direction (two-sided,
        seeded). `n`: number of pairs.

    Examples:
        >>> paired_test([0.1, 0.2, 0.3, 0.2, 0.1], [0.3, 0.4, 0.4, 0.5, 0.2])["p"]
        0.0625
    """
    first, second = np.asarray(before, float), np.asarray(after, float)
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    if not len(first):
        return {"value": float("nan"), "p": 1.0, "n": 0}
    value = float((second - first).mean())
    if len(first) == 1 or not (second != first).any():
        return {"value": value, "p": 1.0, "n": len(first)}
    found = permutation_test(
        (second, first),
        lambda a, b, axis: (a - b).mean(axis=axis),
        permutation_type="samples",
        n_resamples=RESAMPLES,
        vectorized=True,
        random_state=0,
    )
    return {"value": value, "p": float(found.pvalue), "n": len(first)}
