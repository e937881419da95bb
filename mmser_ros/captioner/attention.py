# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Attention from each token of a caption back to the image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.attend import all_attend
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels


@dataclass(frozen=True)
class Attention:
    """The attention of one pass over one image, mean over heads; each row of a layer sums to 1.

    Attributes:
        language: (layers, length, length), of the language model over [visual tokens ; initial
            caption ; beginning of text ; caption].
        connector: (layers, n, n), of the SeR-connector over [visual tokens ; initial caption];
            None in the first pass.
        num_visual: number of visual tokens.
        num_tokens: number of tokens of the caption.
        glance: whether the refined visual tokens include those of the glance.
    """

    language: Tensor
    connector: Tensor | None
    num_visual: int
    num_tokens: int
    glance: bool


def read_attention(
    specialist: Specialist,
    levels: Levels,
    caption: Sequence[int],
    initial: Sequence[int] | None = None,
    words: Sequence[int] | None = None,
) -> Attention:
    """Run the model over a finished caption, and record the attention.

    Args:
        specialist: of any quantization; it is not changed.
        levels: features of one image, (1, tokens, channels) each.
        caption: token ids, without begin and end.
        initial: token ids of the caption that was refined; None in the first pass.
        words: token ids of the word prompt, if there is one.
    """
    model, device = specialist.language_model, levels[0].device
    connector = None
    prompts = None if words is None else pad([words], device)
    if initial is None:
        prompt = specialist.prompt(specialist.glance(levels), words=prompts)
    else:
        initial_ids = torch.tensor([list(initial)], dtype=torch.long, device=device)
        encoder = specialist.ser_connector.encoder
        with _recorded(encoder) as layers:
            visual = specialist.refine(levels, initial_ids)
        connector = torch.cat(layers) if layers else None
        prompt = specialist.prompt(visual, initial_ids, words=prompts)
    tokens = torch.tensor([list(caption)], dtype=torch.long, device=device)
    steps = torch.arange(1, len(caption) + 1, device=device)
    with _recorded(model) as layers:
        model(
            torch.cat([prompt.embeddings, specialist.embed(tokens)], dim=1),
            torch.cat([prompt.positions, prompt.positions[:, -1:] + steps], dim=1),
        )
    return Attention(
        language=torch.cat(layers),
        connector=connector,
        num_visual=specialist.visual_tokens,
        num_tokens=len(caption),
        glance=initial is not None and specialist.ser_connector.config.adds_to_glance,
    )


def token_maps(attention: Attention) -> Tensor:
    """Attention map of each token of the caption, (tokens, grid, grid); each map sums to 1.

    It is the attention of the language model's second last layer, at the position that predicts the
    token. In a refinement pass it is followed through the SeR-connector to the features.
    """
    maps = to_visual_tokens(attention.language[-2:][0], attention)
    if attention.connector is not None:
        visual = attention.num_visual
        through = _normalised(rollout(attention.connector)[:visual, :visual])
        if attention.glance:
            through = (through + torch.eye(visual, device=through.device)) / 2
        maps = maps @ through
    grid = math.isqrt(attention.num_visual)
    return maps.reshape(-1, grid, grid)


def to_visual_tokens(language: Tensor, attention: Attention) -> Tensor:
    """Select the attention from each token to the visual tokens.

    Returns:
        (tokens, visual), at the positions that predict the tokens; each row sums to 1.
    """
    return _normalised(language[-1 - attention.num_tokens : -1, : attention.num_visual])


def rollout(layers: Tensor) -> Tensor:
    """Attention through several layers and their residuals, (layers, n, n) → (n, n).

    Attention rollout, arXiv 2005.00928, section 3.
    """
    through = torch.eye(layers.shape[-1], device=layers.device)
    for layer in layers:
        through = (layer @ through + through) / 2
    return through


def _normalised(maps: Tensor) -> Tensor:
    return maps / maps.sum(dim=-1, keepdim=True)


@contextmanager
def _recorded(model: nn.Module | None) -> Iterator[list[Tensor]]:
    """Record the attention of each layer, mean over heads (batch, queries, keys).

    It is in the list after `with`.
    """
    layers: list[Tensor] = []
    attends = all_attend(model) if model else []
    for one in attends:
        one.weights = []
    try:
        yield layers
        layers += [weights.float().mean(dim=1) for one in attends for weights in one.weights or ()]
    finally:
        for one in attends:
            one.weights = None


@contextmanager
def eager_attention(model: nn.Module) -> Iterator[None]:
    """Use plain products within `with`; on a CPU they train twice as fast as fused attention."""
    attends = all_attend(model)
    for one in attends:
        one.eager = True
    try:
        yield
    finally:
        for one in attends:
            one.eager = False
