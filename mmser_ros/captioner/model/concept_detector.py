# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which words a picture speaks for: multi-level features in, evidence for the decoder out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import ConceptsConfig

CERTAIN = 4.0
"""The most that evidence may say for or against a word, in nats."""


class ConceptDetector(nn.Module):
    """Says of each of some words whether a caption of the picture would have it.

    Semantic concepts as in You et al., arXiv 1603.03925, and Wu et al., arXiv 1506.01144: a
    classifier of the words that captions use most. What it says beyond a word's frequency is
    added to the language model's logits. MM-SeR's paper has no such part.

    Attributes:
        tokens: (words,) int64, the words' token ids.
        prior: (words,), log odds of a word's frequency in the pictures it learned from.
        mean: (features,), of pooled features.
        deviation: (features,), of pooled features.
    """

    def __init__(self, config: ConceptsConfig, channels: Sequence[int]) -> None:
        """Build it with random weights and no words.

        Args:
            config: its configuration.
            channels: of each level it reads.
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
    def begin(self, tokens: Tensor, shares: Tensor, pooled: Tensor) -> None:
        """Take on words; of every picture guess their frequency.

        Args:
            tokens: (words,), their token ids.
            shares: (words,), of pictures whose captions have them.
            pooled: (pictures, features), what is usual.
        """
        self.tokens.copy_(tokens)
        self.prior.copy_(torch.logit(shares.clamp(1e-3, 1 - 1e-3)))
        self.mean.copy_(pooled.mean(0))
        self.deviation.copy_(pooled.std(0) + 1e-2)  # some features are always the same
        self.answer.weight.mul_(0.1)
        self.answer.bias.copy_(self.prior)

    def forward(self, pooled: Tensor) -> Tensor:
        """Log odds (batch, words) of pooled features (batch, features), see `pool`."""
        standard = (pooled - self.mean) / self.deviation
        return self.answer(self.network(standard.clamp(-6.0, 6.0)))

    def evidence(self, levels: Sequence[Tensor], views: int, vocabulary: int) -> Tensor:
        """Evidence (batch, vocabulary) for tokens, 0 for those that are not among the words.

        Args:
            levels: (batch · views, tokens, channels) each, the views of a picture one after the
                other; it is the mean of theirs.
            views: of each picture.
            vocabulary: its size.
        """
        odds = self(pool(levels)).unflatten(0, (-1, views)).mean(1)
        weighed = self.config.weight * (odds - self.prior).clamp(-CERTAIN, CERTAIN)
        nothing = weighed.new_zeros(len(weighed), vocabulary)
        return nothing.index_copy(1, self.tokens, weighed)


def pool(levels: Sequence[Tensor]) -> Tensor:
    """Mean and maximum over the tokens of each level (batch, tokens, channels), side by side."""
    return torch.cat([part for one in levels for part in (one.mean(1), one.amax(1))], dim=1)
