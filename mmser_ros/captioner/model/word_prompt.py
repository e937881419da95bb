# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The word prompt, in one form for training and inference.

`sure: dog, grass; likely: ball; maybe: park, field`: sorted and graded by probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GRADES = (("sure", 0.6), ("likely", 0.3), ("maybe", 0.12))
"""Grades and their least probabilities, from high to low."""
LEAST = GRADES[-1][1]
"""Words of less probability are not in the prompt."""
MOST = 24
"""Maximum number of words in a prompt."""
LIKELY, MIN_WORDS = 0.25, 6
"""A prompt has the words of at least probability LIKELY, and less likely ones only up to MIN_WORDS
words. On validation images of rooms the precision is 0.576 so, and 0.549 with all words of at
least LEAST; with one or two words the language model invents too much."""


def choose_words(words: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """The words of a prompt, the most probable first, from all words with their probabilities."""
    ranked = sorted((one for one in words if one[1] >= LEAST), key=lambda one: -one[1])[:MOST]
    return [one for rank, one in enumerate(ranked) if one[1] >= LIKELY or rank < MIN_WORDS]


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
