# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The captioning specialist: vision tower, glance connector and language model tied together."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import SpecialistConfig
from mmser_ros.captioner.glance_connector import build_glance_connector
from mmser_ros.captioner.language_model import build_language_model
from mmser_ros.captioner.vision import ClipTower, EfficientNetLiteTower, Levels, build_tower

EVERYONE = -2
"""Whose the visual tokens are, among the numbers of captions (-1 is padding)."""


class Specialist(nn.Module):
    """MM-SeR's captioner (arXiv 2508.21451, section 4).

    The vision tower is frozen: it is no part of `state_dict`, and comes from its own source.
    The language model's input is [visual tokens ; beginning of text ; caption].

    Attributes:
        width: of visual tokens and word embeddings.
        begin: token id that a caption starts with.
        end: token id that ends it.
    """

    def __init__(self, config: SpecialistConfig) -> None:
        super().__init__()
        self.config = config
        self.language_model = build_language_model(config.language)
        self._frozen = [build_tower(config.vision)]  # in a list, so that it is no submodule
        # The configuration of OPT says of each that it may be missing; in an OPT it is not.
        language = self.language_model.config
        self.width = cast(int, language.word_embed_proj_dim)
        self.begin = cast(int, language.bos_token_id)
        self.end = cast(int, language.eos_token_id)
        self.glance_connector = build_glance_connector(
            self.vision.channels[0], self.width, config.glance_connector_layers
        )

    @property
    def vision(self) -> EfficientNetLiteTower | ClipTower:
        """The frozen vision tower."""
        return self._frozen[0]

    @property
    def visual_tokens(self) -> int:
        """How many tokens a glance puts before the caption."""
        return self.vision.grids[0] ** 2

    def encode(self, pixels: Tensor, dtype: torch.dtype = torch.float32) -> Levels:
        """Features of uint8 RGB pixels (batch, 3, size, size): a tuple of levels."""
        with torch.no_grad():
            return self.vision(self.vision.normalise(pixels).to(dtype))

    def glance(self, levels: Levels) -> Tensor:
        """Visual tokens (batch, tokens, width) of the first pass."""
        return self.glance_connector(levels[0])

    def prompt(self, visual: Tensor) -> Tensor:
        """What decoding starts from: visual tokens, then the beginning of the text."""
        begin = self.embed(torch.full((len(visual), 1), self.begin, device=visual.device))
        return torch.cat([visual, begin], dim=1)

    def embed(self, tokens: Tensor) -> Tensor:
        """Word embeddings (…, width) of token ids (…)."""
        return self.language_model.get_input_embeddings()(tokens)

    def forward(
        self,
        visual: Tensor,
        tokens: Tensor,
        segments: Tensor,
        places: Tensor,
        looks: Tensor | None = None,
    ) -> Tensor:
        """Logits of several captions a picture in one pass, for training.

        The visual tokens come first and, attention being causal, don't depend on what follows;
        so all captions of one picture share them. Each caption sees them and itself only.

        Args:
            visual: (batch, visual, width); `visual` may be 0 to train on text alone.
            tokens: (batch, length), the captions one after the other.
            segments: (batch, length), which caption a token belongs to; -1 is padding.
            places: (batch, length), a token's place in its caption, from 0.
            looks: (batch, visual), which visual tokens these are, from 0; default: all of them.

        Returns:
            Logits (batch, length, vocabulary).
        """
        batch, seen = visual.shape[:2]
        length = seen + tokens.shape[1]
        if looks is None:
            looks = torch.arange(seen, device=tokens.device).expand(batch, seen)
        causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        # Padding sees padding, so that no row of the mask is empty.
        owners = torch.cat([torch.full_like(looks, EVERYONE), segments], dim=1)
        shared = (owners == EVERYONE)[:, None, :]
        mask = causal & (shared | (owners[:, :, None] == owners[:, None, :]))
        positions = torch.cat([looks, places + self.visual_tokens], dim=1)
        states = self.language_model.model.decoder(
            inputs_embeds=torch.cat([visual, self.embed(tokens)], dim=1),
            attention_mask=mask[:, None],
            position_ids=positions,
            use_cache=False,
        ).last_hidden_state
        return self.language_model.lm_head(states[:, seen:])
