# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Decoding that doubts: words that the detector thinks are not in the picture get lower logits.

Most wrong words of a caption stand in its word prompt, among the less likely ones, and the language
model takes them as it takes the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import Detected
from mmser_ros.language.word_finder import WordFinder

LEAST_ODDS = -4.0
"""Lower bound of the log odds of a word."""
FUNCTION_WORDS = (
    "a an and as at be by can for from go he her him his if in into is it me my no not of off on "
    "or out over per she show so the to under up us we you"
)
"""These are never doubted, though tokens of other words are the same: "on" begins onlooker."""


class Doubt:
    """Biases on the logits of the tokens that begin words of a detector.

    Attributes:
        finder: finds the detector's words in captions.
    """

    def __init__(self, specialist: Specialist, tokenizer: Tokenizer) -> None:
        """Take a model; its tokens are read when they are first needed.

        Args:
            specialist: a model with a word detector.
            tokenizer: its vocabulary.
        """
        self._words = specialist.word_detector.words
        self._vocabulary = specialist.language_model.vocabulary
        self._tokenizer = tokenizer
        self.finder = WordFinder(self._words)

    @cached_property
    def _named(self) -> dict[int, list[str]]:
        """Token → the words that it names or begins."""
        texts = {number: self._tokenizer.decode([number]) for number in range(self._vocabulary)}
        starts = {number: text for number, text in texts.items() if text.startswith(" ")}
        named = {number: self.finder.find(text) for number, text in starts.items()}
        free = {"", *FUNCTION_WORDS.split()}
        for word in self._words:
            first = self._tokenizer.encode(f" {word}").ids[0]
            if texts[first].strip() not in free:
                named.setdefault(first, set()).add(word)
        return {number: sorted(found) for number, found in named.items() if found}

    def bias(self, detected: Sequence[Detected], weight: float) -> torch.Tensor:
        """The bias for `Prompt.doubt`, (pictures, vocabulary) float32.

        A token that is a word or its plural, or the first one of a word, gets `weight` times the
        word's log odds, if these are below 0. Of several words (a man is a person) the most
        probable one counts.

        Args:
            detected: what was detected in each picture.
            weight: weight of the log odds.
        """
        bias = torch.zeros(len(detected), self._vocabulary)
        numbers = list(self._named)
        for row, one in zip(bias, detected, strict=True):
            chances = [max(map(one.probabilities.__getitem__, self._named[n])) for n in numbers]
            odds = torch.logit(torch.tensor(chances), eps=1e-6)
            row[numbers] = weight * odds.clamp(LEAST_ODDS, 0.0)
        return bias
