# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How a model captions images of another domain: a connector and an adapter of their own.

The adapter adds low-rank updates to the language model's layers (LoRA, arXiv 2106.09685) while it
is on. Off, the language model writes as before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, linear

from mmser_ros.captioner.config import SpecialistConfig
from mmser_ros.captioner.model.glance_connector import build_glance_connector
from mmser_ros.captioner.model.language_model import LanguageModel
from mmser_ros.captioner.model.vision import ClipTower, EfficientNetLiteTower, Levels


class DomainLanguage(nn.Module):
    """A glance connector for all levels, and an adapter for a language model.

    Attributes:
        connector: reads the levels side by side, see `on_one_grid`.
        updates: of each linear layer of the language model's transformer, by its name.
        is_on: whether the adapter is on.
    """

    def __init__(
        self, language_model: LanguageModel, channels: Sequence[int], layers: int, rank: int
    ) -> None:
        """Build it with a random connector, and updates that change nothing yet.

        Args:
            language_model: that the adapter is for.
            channels: channels of each level.
            layers: number of the connector's linear layers.
            rank: rank of each update.
        """
        super().__init__()
        self.is_on = False
        self.connector = build_glance_connector(sum(channels), language_model.width, layers)
        self.updates = nn.ModuleDict(
            {
                name.replace(".", "/"): LowRank(one.in_features, one.out_features, rank)
                for name, one in language_model.model.named_modules()
                if isinstance(one, nn.Linear)
            }
        )

    def glance(self, levels: Levels) -> Tensor:
        """Visual tokens (batch, tokens, width) of the first pass."""
        return self.connector(on_one_grid(levels))

    @contextmanager
    def on(self, language_model: LanguageModel) -> Iterator[None]:
        """Within `with`, each layer of the language model adds its update to its output."""
        layers = dict(language_model.model.named_modules())
        hooks = [
            layers[name.replace("/", ".")].register_forward_hook(update.add)
            for name, update in self.updates.items()
        ]
        self.is_on = True
        try:
            yield
        finally:
            self.is_on = False
            for one in hooks:
                one.remove()


class LowRank(nn.Module):
    """A linear map without bias whose matrix is a product of two small ones.

    Attributes:
        down: (rank, inputs).
        up: (outputs, rank).
    """

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        """Make a map to 0."""
        super().__init__()
        # No nn.Linear, because dynamic quantization would round the inputs of both.
        self.down = nn.Parameter(torch.randn(rank, inputs) * inputs**-0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, x: Tensor) -> Tensor:
        """(…, inputs) → (…, outputs)."""
        return linear(linear(x, self.down), self.up)

    def add(self, layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        """Add the map of a layer's input to its output; a forward hook."""
        return output + self(*inputs)


def build_domain_language(
    config: SpecialistConfig,
    language_model: LanguageModel,
    vision: EfficientNetLiteTower | ClipTower,
) -> DomainLanguage | None:
    """Build it for a model whose domain has one (`DomainConfig.rank`); None for others."""
    domain = config.words.domain if config.words else None
    if not domain or not domain.rank:
        return None
    layers = config.glance_connector_layers
    return DomainLanguage(language_model, vision.channels, layers, domain.rank)


def on_one_grid(levels: Levels) -> Tensor:
    """All levels averaged to the first one's grid, side by side: (batch, tokens, channels)."""
    side = math.isqrt(levels[0].shape[1])
    return torch.cat([_averaged(one, side) for one in levels], dim=2)


def _averaged(level: Tensor, side: int) -> Tensor:
    maps = level.mT.unflatten(2, (math.isqrt(level.shape[1]), -1))
    return adaptive_avg_pool2d(maps, side).flatten(2).mT
