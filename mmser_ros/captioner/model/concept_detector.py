# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Concept detector: multi-level features in, a bias on the logits of words out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import ConceptsConfig

MAX_BIAS = 4.0
"""The largest bias for or against a word, in nats, before it is weighted."""


class ConceptDetector(nn.Module):
    """Predicts which of its words a caption of the image has.

    Semantic concepts as in You et al., arXiv 1603.03925, and Wu et al., arXiv 1506.01144: a
    classifier of the most frequent words of captions. Its log odds minus those of the word's
    frequency are added to the language model's logits. MM-SeR's paper has no such part.

    Attributes:
        tokens: (words,) int64, the words' token ids.
        prior: (words,), log odds of a word's frequency in the training images.
        mean: (features,), mean of pooled features.
        deviation: (features,), standard deviation of pooled features.
    """

    def __init__(self, config: ConceptsConfig, channels: Sequence[int]) -> None:
        """Build it with random weights and no words.

        Args:
            config: its configuration.
            channels: channels of each level that it reads.
        """
        super().__init__()
        self.config = config
        features = 2 * sum(channels)
        self.register_buffer("tokens", torch.zeros(config.words, dtype=torch.long))
        self.register_buffer("prior", torch.zeros(config.words))
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.tokens: Tensor
        self.prior: Tensor
        self.mean: Tensor
        self.deviation: Tensor
        self.answer = nn.Linear(config.hidden_size, config.words)
        self.network = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(features, config.hidden_size),
            nn.GELU(),
            nn.Dropout(0.5),
        )

    @torch.no_grad()
    def initialise(self, tokens: Tensor, shares: Tensor, pooled: Tensor) -> None:
        """Set the words, and start by predicting their frequency for every image.

        Args:
            tokens: (words,), their token ids.
            shares: (words,), share of images whose captions have the word.
            pooled: (images, features), pooled features of the training images.
        """
        self.tokens.copy_(tokens)
        self.prior.copy_(torch.logit(shares.clamp(1e-3, 1 - 1e-3)))
        self.mean.copy_(pooled.mean(0))
        self.deviation.copy_(pooled.std(0) + 1e-2)  # some features are constant
        self.answer.weight.mul_(0.1)
        self.answer.bias.copy_(self.prior)

    def forward(self, pooled: Tensor) -> Tensor:
        """Log odds (batch, words) of pooled features (batch, features), see `pool`."""
        standard = (pooled - self.mean) / self.deviation
        return self.answer(self.network(standard.clamp(-6.0, 6.0)))

    def logit_bias(self, levels: Sequence[Tensor], views: int, vocabulary: int) -> Tensor:
        """The bias (batch, vocabulary) on logits, 0 for tokens that are none of the words.

        Args:
            levels: (batch · views, tokens, channels) each, the views of an image one after the
                other; the log odds are averaged over them.
            views: number of views per image.
            vocabulary: size of the vocabulary.
        """
        odds = self(pool(levels)).unflatten(0, (-1, views)).mean(1)
        weighted = self.config.weight * (odds - self.prior).clamp(-MAX_BIAS, MAX_BIAS)
        nothing = weighted.new_zeros(len(weighted), vocabulary)
        return nothing.index_copy(1, self.tokens, weighted)


def pool(levels: Sequence[Tensor]) -> Tensor:
    """Mean and maximum over tokens of each level (batch, tokens, channels), concatenated."""
    return torch.cat([part for one in levels for part in (one.mean(1), one.amax(1))], dim=1)
