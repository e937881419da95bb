# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Attention over heads, with or without a static cache of keys and values."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, scaled_dot_product_attention


class Attend(nn.Module):
    """Scaled dot-product attention (arXiv 1706.03762, section 3.2).

    Attributes:
        dropout: share of weights that training drops.
        eager: whether to use plain products; on a CPU they train twice as fast as fused attention.
        weights: the weights (batch, heads, queries, keys) of each call, if it is a list. They are
            recorded with plain products.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.eager = False
        self.weights: list[Tensor] | None = None

    def forward(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        mask: Tensor | None = None,
        *,
        causal: bool = False,
    ) -> Tensor:
        """What is read, (batch, heads, queries, size).

        Args:
            queries: (batch, heads, queries, size).
            keys: (batch, groups, keys, size); a number of heads share the keys of a group.
            values: (batch, groups, keys, size).
            mask: (batch or 1, 1, queries or 1, keys), True where a query may look; None:
                everywhere.
            causal: whether queries see only keys that do not stand after them; without a mask.
        """
        heads, groups = queries.shape[1], keys.shape[1]
        if heads != groups:
            keys = keys.repeat_interleave(heads // groups, dim=1)
            values = values.repeat_interleave(heads // groups, dim=1)
        share = self.dropout if self.training else 0.0
        if not self.eager and self.weights is None:
            return scaled_dot_product_attention(
                queries, keys, values, attn_mask=mask, dropout_p=share, is_causal=causal
            )
        scores = queries @ keys.mT / math.sqrt(queries.shape[-1])
        if causal:
            mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = scores.float().softmax(-1).to(scores.dtype)
        if self.weights is not None:
            self.weights.append(weights)
        return dropout(weights, share) @ values


def split_heads(states: Tensor, size: int) -> Tensor:
    """(batch, length, heads · size) → (batch, heads, length, size)."""
    return states.unflatten(-1, (-1, size)).transpose(1, 2)


def join_heads(states: Tensor) -> Tensor:
    """(batch, heads, length, size) → (batch, length, heads · size)."""
    return states.transpose(1, 2).flatten(2)


def all_attend(model: nn.Module) -> list[Attend]:
    """The attention of each layer of a model, in order."""
    return [one for one in model.modules() if isinstance(one, Attend)]


class Cache:
    """Keys and values that a language model has read, in memory that is reserved once.

    Attributes:
        layers: keys and values of each layer, (2, batch, groups, longest, size).
        length: number of tokens read.
    """

    def __init__(self, layers: list[Tensor]) -> None:
        self.layers = layers
        self.length = 0

    def write(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add keys and values (batch, groups, new, size); all of the layer that are read."""
        end = self.length + keys.shape[2]
        both = self.layers[layer]
        both[0, :, :, self.length : end] = keys
        both[1, :, :, self.length : end] = values
        return both[0, :, :, :end], both[1, :, :, :end]

    def select(self, rows: Tensor) -> None:
        """Keep the rows of the batch with these indices, in this order."""
        self.layers = [one.index_select(1, rows) for one in self.layers]
