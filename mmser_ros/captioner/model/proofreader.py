# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What should stand at each place of a caption from elsewhere: features and the caption in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import ProofreaderConfig
from mmser_ros.captioner.model.joint_encoder import JointEncoder

UNLIKELY = -12.0
"""The least log probability that a word has at a place."""


class Proofreader(nn.Module):
    """Says of each word of a caption which word the picture speaks for in its place.

    Like a masked language model (arXiv 1810.04805) that sees the picture and an unmasked caption
    with errors; the words around an error, on both sides, help to find the right one. MM-SeR's
    paper has no such part: there the language model reads the initial caption.
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
        """Logits (batch, words, vocabulary) of the word that should stand at each place.

        Args:
            levels: (batch, grid², channels) each.
            tokens: (batch, words), ids of the caption's words.
            embeddings: (vocabulary, width), of all words.
            mask: (batch, words), False where there is only padding; None if there is none.
        """
        words = embeddings[tokens]
        states = self.encoder(levels, words, mask)[:, self.encoder.tokens :]
        return (self.write(states) + words) @ embeddings.T

    def evidence(
        self,
        levels: Sequence[Tensor],
        tokens: Tensor,
        embeddings: Tensor,
        mask: Tensor | None,
        *,
        views: int,
        end: int,
    ) -> Tensor:
        """Evidence (batch, words + 1, vocabulary) for tokens at each place, the end's included.

        Args:
            levels: (batch · views, grid², channels) each, the views of a picture one after the
                other; the evidence is the mean of theirs.
            tokens: (batch, words), as in `forward`, as is `mask` and are `embeddings`.
            embeddings: see there.
            mask: see there.
            views: of each picture.
            end: id of the token that ends a caption.
        """
        repeated = tokens.repeat_interleave(views, dim=0)
        real = None if mask is None else mask.repeat_interleave(views, dim=0)
        logits = self(levels, repeated, embeddings, real).float()
        places = logits.log_softmax(-1).unflatten(0, (-1, views)).mean(1)
        trust = torch.full_like(places[..., :1], self.config.trust)
        places = places.scatter_add(2, tokens[..., None], trust)
        places = nn.functional.pad(places, (0, 0, 0, 1)).clamp(min=UNLIKELY)
        over = torch.ones_like(places[..., 0]).bool()  # places after the caption
        over[:, :-1] = False if mask is None else ~mask
        places[over] = UNLIKELY
        places[..., end] = torch.where(over, 0.0, UNLIKELY)
        places[over.all(1)] = 0.0  # no caption at all is no error
        return self.config.weight * places
