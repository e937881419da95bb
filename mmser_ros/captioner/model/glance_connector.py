# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The glance connector: features → visual tokens of the first pass."""

from __future__ import annotations

from torch import nn


def build_glance_connector(channels: int, width: int, layers: int = 2) -> nn.Sequential:
    """An MLP with GELU between its layers (LLaVA-1.5, arXiv 2310.03744; MM-SeR, table 4).

    It maps (batch, tokens, channels) to (batch, tokens, width), each token on its own.
    """
    parts: list[nn.Module] = [nn.Linear(channels, width)]
    for _ in range(layers - 1):
        parts += [nn.GELU(), nn.Linear(width, width)]
    return nn.Sequential(*parts)
