# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Proofreader: predicts the right word at each position of a caption from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import ProofreaderConfig
from mmser_ros.captioner.model.joint_encoder import JointEncoder

MIN_LOG_PROBABILITY = -12.0
"""Lower bound of a word's log probability at a position."""


class Proofreader(nn.Module):
    """Predicts, for each position of a caption, the word that fits the image.

    It is like a masked language model (arXiv 1810.04805), but it reads the image and an unmasked
    caption with errors. Words on both sides of an error help to correct it. MM-SeR's paper has no
    such part: there the language model reads the initial caption.
    """

    def __init__(
        self,
        config: ProofreaderConfig,
        channels: Sequence[int],
        grids: Sequence[int],
        width: int,
        words: int,
    ) -> None:
        """Build it with random weights; the arguments are those of `SerConnector`."""
        super().__init__()
        self.config = config
        self.encoder = JointEncoder(config.architecture, channels, grids, width, words)
        self.write = nn.Linear(self.encoder.hidden, width)

    def forward(
        self,
        levels: Sequence[Tensor],
        tokens: Tensor,
        embeddings: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Logits (batch, words, vocabulary) of the right word at each position.

        Args:
            levels: (batch, grid², channels) each.
            tokens: (batch, words), token ids of the caption.
            embeddings: (vocabulary, width), embeddings of all tokens.
            mask: (batch, words), False at padding; None: no padding.
        """
        words = embeddings[tokens]
        states = self.encoder(levels, words, mask)[:, self.encoder.tokens :]
        return (self.write(states) + words) @ embeddings.T

    def position_bias(
        self,
        levels: Sequence[Tensor],
        tokens: Tensor,
        embeddings: Tensor,
        mask: Tensor | None,
        *,
        views: int,
        end: int,
    ) -> Tensor:
        """The bias (batch, words + 1, vocabulary) on logits at each position, the end's included.

        Args:
            levels: (batch · views, grid², channels) each, the views of an image one after the
                other; log probabilities are averaged over them.
            tokens: (batch, words), as in `forward`.
            embeddings: as in `forward`.
            mask: as in `forward`.
            views: number of views per image.
            end: id of the token that ends a caption.
        """
        repeated = tokens.repeat_interleave(views, dim=0)
        real = None if mask is None else mask.repeat_interleave(views, dim=0)
        logits = self(levels, repeated, embeddings, real).float()
        scores = logits.log_softmax(-1).unflatten(0, (-1, views)).mean(1)
        trust = torch.full_like(scores[..., :1], self.config.trust)
        scores = scores.scatter_add(2, tokens[..., None], trust)
        scores = nn.functional.pad(scores, (0, 0, 0, 1)).clamp(min=MIN_LOG_PROBABILITY)
        over = torch.ones_like(scores[..., 0]).bool()  # positions after the caption
        over[:, :-1] = False if mask is None else ~mask
        scores[over] = MIN_LOG_PROBABILITY
        scores[..., end] = torch.where(over, 0.0, MIN_LOG_PROBABILITY)
        scores[over.all(1)] = 0.0  # an empty caption gives no bias
        return self.config.weight * scores
