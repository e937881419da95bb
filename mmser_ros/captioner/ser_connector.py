# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The SeR-connector: multi-level features and an initial caption in, visual tokens out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from mmser_ros.captioner.concepts import ConceptDetector
from mmser_ros.captioner.config import SerConnectorConfig


class SerConnector(nn.Module):
    """Looks again at a picture, guided by what was said of it.

    MM-SeR, arXiv 2508.21451, section 4.

    A BERT-style transformer (arXiv 1810.04805) over [multi-level features, concatenated on
    channels and projected ; embedded initial caption]. What comes out at the visual positions are
    the visual tokens of the second look.

    Finer levels are folded to the glance's grid: each of its cells has the channels of all finer
    cells it covers.

    Attributes:
        concepts: weighs words by the features of all levels; None if the configuration has none.
        encoder: the transformer; None if the configuration has none.
        draft: (width,), added to the embeddings of an initial caption that the language model
            reads, so that it can tell it from what it says itself.
    """

    def __init__(
        self,
        config: SerConnectorConfig,
        channels: Sequence[int],
        grids: Sequence[int],
        width: int,
        words: int,
    ) -> None:
        """Build it with random weights.

        Args:
            config: its configuration.
            channels: of each level it reads, coarse to fine.
            grids: the side of each level's grid; a multiple of the first's.
            width: of the language model's embeddings.
            words: the most tokens that an initial caption has.
        """
        super().__init__()
        self.config = config
        self._grids = tuple(grids)
        self.draft = nn.Parameter(torch.zeros(width))
        self.concepts = ConceptDetector(config.concepts, channels) if config.concepts else None
        self.encoder: BertModel | None = None
        if config.architecture is None:
            return
        tokens = grids[0] ** 2
        folded = sum(
            count * (grid // grids[0]) ** 2 for count, grid in zip(channels, grids, strict=True)
        )
        self.encoder = BertModel(
            BertConfig(
                vocab_size=1,  # words come embedded
                max_position_embeddings=tokens + words,
                **config.architecture,
            ),
            add_pooling_layer=False,
        )
        hidden = self.encoder.config.hidden_size
        self.read_features = nn.Linear(folded, hidden)
        self.read_words = nn.Linear(width, hidden)
        self.write = nn.Linear(hidden, width)
        if config.adds_to_glance:  # the second look begins as the first
            nn.init.zeros_(self.write.weight)
            nn.init.zeros_(self.write.bias)

    def forward(
        self, levels: Sequence[Tensor], words: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Visual tokens (batch, tokens, width) of a second look; there must be a transformer.

        Args:
            levels: (batch, grid², channels) each.
            words: (batch, words, width), the embedded initial caption.
            mask: (batch, words), False where there is only padding; None if there is none.
        """
        seen = self.read_features(
            torch.cat(
                [fold(one, g, self._grids[0]) for one, g in zip(levels, self._grids, strict=True)],
                dim=2,
            )
        )
        assert self.encoder
        batch, tokens = seen.shape[:2]
        types = torch.zeros(batch, tokens, dtype=torch.long, device=seen.device)
        if words is None:
            mask = None
        else:
            seen = torch.cat([seen, self.read_words(words)], dim=1)
            types = torch.cat([types, types.new_ones(batch, words.shape[1])], dim=1)
            if mask is not None:
                mask = torch.cat([mask.new_ones(batch, tokens), mask], dim=1)
        states = self.encoder(
            inputs_embeds=seen, token_type_ids=types, attention_mask=mask
        ).last_hidden_state
        return self.write(states[:, :tokens])


def fold(level: Tensor, grid: int, coarse: int) -> Tensor:
    """Fold a level (batch, grid², channels) to (batch, coarse², (grid/coarse)² · channels)."""
    batch, _, channels = level.shape
    side = grid // coarse
    cells = level.reshape(batch, coarse, side, coarse, side, channels)
    return cells.transpose(2, 3).reshape(batch, coarse * coarse, side * side * channels)
