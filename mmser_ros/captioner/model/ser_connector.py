# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The SeR-connector: multi-level features and an initial caption in, visual tokens out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import ConfigError, SerConnectorConfig
from mmser_ros.captioner.model.concept_detector import ConceptDetector
from mmser_ros.captioner.model.joint_encoder import JointEncoder
from mmser_ros.captioner.model.proofreader import Proofreader


class SerConnector(nn.Module):
    """Refines the visual tokens of an image, guided by its initial caption.

    MM-SeR, arXiv 2508.21451, section 4.

    It is a transformer over [multi-level features ; embedded initial caption]. Its outputs at the
    visual positions are the visual tokens of the refinement pass.

    Attributes:
        concepts: the concept detector; None if the configuration has none.
        proofreader: corrects captions from elsewhere; None if the configuration has none.
        encoder: the transformer; None if the configuration has none.
        draft: (width,), added to the embeddings of the initial caption, so that the language
            model can tell it from the caption it generates.
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
            channels: channels of each level that it reads, coarse to fine.
            grids: side of each level's grid, a multiple of the first one's.
            width: width of the language model's embeddings.
            words: maximum number of tokens of an initial caption.
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
        if config.adds_to_glance:  # refinement starts from the glance
            nn.init.zeros_(self.write.weight)
            nn.init.zeros_(self.write.bias)

    def forward(
        self, levels: Sequence[Tensor], words: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Visual tokens (batch, tokens, width) of a refinement pass; it needs the transformer.

        Args:
            levels: (batch, grid², channels) each.
            words: (batch, words, width), the embedded initial caption.
            mask: (batch, words), False at padding; None: no padding.
        """
        assert self.encoder
        return self.write(self.encoder(levels, words, mask)[:, : self.encoder.tokens])


def level_indices(levels: tuple[int, ...], known: tuple[int, ...]) -> list[int]:
    """Indices of the levels that a SeR-connector reads among the vision tower's.

    Raises:
        ConfigError: it reads none, or one that the tower does not have.
    """
    if levels and set(levels) <= set(known):
        return [known.index(level) for level in levels]
    msg = f"the SeR-connector reads levels {levels}; expected some of the vision tower's, {known}"
    raise ConfigError(msg)
