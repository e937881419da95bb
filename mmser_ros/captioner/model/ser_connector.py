# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The SeR-connector: multi-level features and an initial caption in, visual tokens out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import SerConnectorConfig
from mmser_ros.captioner.model.concept_detector import ConceptDetector
from mmser_ros.captioner.model.joint_encoder import JointEncoder
from mmser_ros.captioner.model.proofreader import Proofreader


class SerConnector(nn.Module):
    """Looks again at a picture, guided by what was said of it.

    MM-SeR, arXiv 2508.21451, section 4.

    A transformer over [multi-level features ; embedded initial caption]. What comes out at the
    visual positions are the visual tokens of the second look.

    Attributes:
        concepts: weighs words by the features of all levels; None if the configuration has none.
        proofreader: corrects captions from elsewhere; None if the configuration has none.
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
        self.draft = nn.Parameter(torch.zeros(width))
        self.concepts = ConceptDetector(config.concepts, channels) if config.concepts else None
        self.proofreader: Proofreader | None = None
        if config.proofreader:
            self.proofreader = Proofreader(config.proofreader, channels, grids, width, words)
        self.encoder: JointEncoder | None = None
        if config.architecture is None:
            return
        self.encoder = JointEncoder(config.architecture, channels, grids, width, words)
        self.write = nn.Linear(self.encoder.hidden, width)
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
        assert self.encoder
        return self.write(self.encoder(levels, words, mask)[:, : self.encoder.tokens])
