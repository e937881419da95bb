# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A transformer that reads an image's features and a caption together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmser_ros.captioner.model.encoder import Bert


class JointEncoder(nn.Module):
    """A BERT-style transformer (arXiv 1810.04805) over [visual tokens ; words].

    The visual tokens are multi-level features, concatenated on channels and projected (MM-SeR,
    arXiv 2508.21451, section 4). Finer levels are rearranged to the glance's grid (space to
    depth): a cell gets the channels of all finer cells that it covers.

    Attributes:
        tokens: number of visual tokens.
        hidden: width of the states.
    """

    def __init__(
        self,
        architecture: dict[str, Any],
        channels: Sequence[int],
        grids: Sequence[int],
        width: int,
        words: int,
    ) -> None:
        """Build it with random weights.

        Args:
            architecture: keyword arguments of `transformers.BertConfig`.
            channels: channels of each level that it reads, coarse to fine.
            grids: side of each level's grid, a multiple of the first one's.
            width: width of embedded words.
            words: maximum number of tokens of a caption.
        """
        super().__init__()
        self._grids = tuple(grids)
        self.tokens = grids[0] ** 2
        stacked = sum(
            count * (grid // grids[0]) ** 2 for count, grid in zip(channels, grids, strict=True)
        )
        self.bert = Bert(architecture, self.tokens + words)
        self.hidden = self.bert.hidden
        self.read_features = nn.Linear(stacked, self.hidden)
        self.read_words = nn.Linear(width, self.hidden)

    def forward(
        self, levels: Sequence[Tensor], words: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """States (batch, tokens + words, hidden).

        Args:
            levels: (batch, grid², channels) each.
            words: (batch, words, width), the embedded caption; None: no caption.
            mask: (batch, words), False at padding; None: no padding.
        """
        pairs = zip(levels, self._grids, strict=True)
        stacked = [space_to_depth(level, grid, self._grids[0]) for level, grid in pairs]
        seen = self.read_features(torch.cat(stacked, dim=2))
        batch = len(seen)
        types = torch.zeros(batch, self.tokens, dtype=torch.long, device=seen.device)
        if words is None:
            mask = None
        else:
            seen = torch.cat([seen, self.read_words(words)], dim=1)
            types = torch.cat([types, types.new_ones(batch, words.shape[1])], dim=1)
            if mask is not None:
                mask = torch.cat([mask.new_ones(batch, self.tokens), mask], dim=1)
        return self.bert(seen, types, mask)


def space_to_depth(level: Tensor, grid: int, coarse: int) -> Tensor:
    """Rearrange (batch, grid², channels) to (batch, coarse², (grid/coarse)² · channels)."""
    batch, _, channels = level.shape
    side = grid // coarse
    cells = level.reshape(batch, coarse, side, coarse, side, channels)
    return cells.transpose(2, 3).reshape(batch, coarse * coarse, side * side * channels)
