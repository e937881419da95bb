# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The word prompt, in one form for training and inference.

`sure: dog, grass; likely: ball; maybe: park, field`: sorted and graded by probability.
"""

from __future__ import annotations

from collections.abc import Sequence

GRADES = (("sure", 0.6), ("likely", 0.3), ("maybe", 0.12))
"""Grades and their least probabilities, from high to low."""
LEAST = GRADES[-1][1]
"""Words of less probability are not in the prompt."""
MOST = 24
"""Maximum number of words in a prompt."""


def word_prompt(words: Sequence[tuple[str, float]]) -> str:
    """The prompt for words with their probabilities.

    Examples:
        >>> word_prompt([("grass", 0.7), ("ball", 0.4), ("dog", 0.9), ("cat", 0.1)])
        'sure: dog, grass; likely: ball'
    """
    ranked = sorted(words, key=lambda one: -one[1])[:MOST]
    parts = []
    most = float("inf")
    for grade, least in GRADES:
        named = [word for word, probability in ranked if least <= probability < most]
        if named:
            parts.append(f"{grade}: {', '.join(named)}")
        most = least
    return "; ".join(parts)
