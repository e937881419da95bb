# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The word detector's words in captions: which may be said, and how probable the said ones are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from mmser_ros.captioner.config import WordsConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import Detected
from mmser_ros.core.types import Caption
from mmser_ros.language.word_finder import WordFinder

NEVER = -1e4
"""Bias of a token that is not generated; float16 holds it."""


class CaptionWords:
    """Knows which tokens name which of a detector's words.

    A token names a word or its synonym by itself. It may also be a part of words of several tokens,
    as " table" is of "dining table".
    """

    def __init__(
        self, config: WordsConfig, words: Sequence[str], tokenizer: Tokenizer, vocabulary: int
    ) -> None:
        """Look up the words of each token.

        Args:
            config: of the detector.
            words: all words that it gives probabilities for.
            tokenizer: of the language model.
            vocabulary: number of tokens of the language model.
        """
        self._config = config
        self._words = list(words)
        self._finder = WordFinder(words)
        self._vocabulary = vocabulary
        columns = {word: number for number, word in enumerate(words)}
        texts = tokenizer.decode_batch([[one] for one in range(tokenizer.get_vocab_size())])
        named = [self._finder.find(text) if text[:1] == " " else set() for text in texts]
        forms = [(word, f" {word}{end}") for word in words for end in ("", "s", "es")]
        parts = tokenizer.encode_batch_fast([form for _, form in forms], add_special_tokens=False)
        for (word, _), form in zip(forms, parts, strict=True):
            for token in form.ids:
                if named[token]:
                    named[token].add(word)
        pairs = [(token, columns[word]) for token, some in enumerate(named) for word in some]
        self._pairs = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T

    def bias(self, detected: Sequence[Detected]) -> Tensor | None:
        """A bias on logits that keeps a caption from naming improbable words.

        Args:
            detected: the words of each image.

        Returns:
            (batch, vocabulary): NEVER for a token all of whose words have less than `least_said`,
            else 0. Words that are not known there don't count. None if `least_said` is 0.
        """
        own, domain = self._config, self._config.domain
        least = torch.tensor(
            [domain.least_said if domain and one.inside else own.least_said for one in detected]
        )
        if not least.any():
            return None
        chances = torch.tensor(
            [[one.probabilities.get(it, -1.0) for it in self._words] for one in detected]
        )
        tokens, words = self._pairs
        highest = torch.full((len(detected), self._vocabulary), -1.0)
        highest.scatter_reduce_(1, tokens.expand(len(detected), -1), chances[:, words], "amax")
        return torch.where((highest >= 0) & (highest < least[:, None]), NEVER, 0.0)

    def with_support(
        self, captions: Sequence[Caption], detected: Sequence[Detected]
    ) -> list[Caption]:
        """Add to captions the probabilities of their words."""
        found = [sorted(self._finder.find(one.text)) for one in captions]
        chances = [one.probabilities for one in detected]
        return [
            replace(one, support=tuple((word, known[word]) for word in words if word in known))
            for one, words, known in zip(captions, found, chances, strict=True)
        ]


def caption_words(specialist: Specialist, tokenizer: Tokenizer) -> CaptionWords | None:
    """Those of a model; None if it has no word detector."""
    config = specialist.config.words
    if not config:
        return None
    words = sorted(specialist.word_detector.words)
    return CaptionWords(config, words, tokenizer, specialist.language_model.vocabulary)
