# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a look looked: the attention from each token of a caption back to the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.models.bert.modeling_bert import BertSelfAttention

from mmser_ros.captioner.decoding.greedy import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels


@dataclass(frozen=True)
class Attention:
    """The attention of one look at one picture, mean over heads; each row of a layer sums to 1.

    Attributes:
        language: (layers, length, length), of the language model over [visual tokens ; initial
            caption ; beginning of text ; caption].
        connector: (layers, n, n), of the SeR-connector over [visual tokens ; initial caption];
            None in a glance.
        visual: how many visual tokens there are.
        said: how many tokens the caption has.
        glance: whether the visual tokens of the glance are in those of the second look.
    """

    language: Tensor
    connector: Tensor | None
    visual: int
    said: int
    glance: bool


def read_attention(
    specialist: Specialist,
    levels: Levels,
    caption: Sequence[int],
    initial: Sequence[int] | None = None,
    words: Sequence[int] | None = None,
) -> Attention:
    """Read a caption once more, all of it at once, and note the attention.

    Args:
        specialist: of any quantization; it is left as it was.
        levels: features of one picture, (1, tokens, channels) each.
        caption: token ids of what was said, without begin and end.
        initial: token ids of what was said before; None in a glance.
        words: token ids of the prompt of words, if there is one.
    """
    model, device = specialist.language_model, levels[0].device
    connector = None
    told = None if words is None else pad([words], device)
    if initial is None:
        prompt = specialist.prompt(specialist.glance(levels), words=told)
    else:
        before = torch.tensor([list(initial)], dtype=torch.long, device=device)
        encoder = specialist.ser_connector.encoder
        with _recorded(encoder.bert if encoder else None, BertSelfAttention) as layers:
            visual = specialist.refine(levels, before)
        connector = torch.cat(layers) if layers else None
        prompt = specialist.prompt(visual, before, words=told)
    said = torch.tensor([list(caption)], dtype=torch.long, device=device)
    steps = torch.arange(1, len(caption) + 1, device=device)
    with _recorded(model.model, model.attention) as layers:
        model(
            torch.cat([prompt.embeddings, specialist.embed(said)], dim=1),
            torch.cat([prompt.positions, prompt.positions[:, -1:] + steps], dim=1),
        )
    return Attention(
        language=torch.cat(layers),
        connector=connector,
        visual=specialist.visual_tokens,
        said=len(caption),
        glance=initial is not None and specialist.ser_connector.config.adds_to_glance,
    )


def token_maps(attention: Attention) -> Tensor:
    """Where each token of the caption was seen, (tokens, grid, grid); each map sums to 1.

    The attention of the language model's last layer but one, at the position that predicts the
    token; in a second look carried on to the features through the SeR-connector.
    """
    maps = to_picture(attention.language[-2:][0], attention)
    if attention.connector is not None:
        maps = maps @ _carried(attention.connector, attention.visual, attention.glance)
    grid = math.isqrt(attention.visual)
    return maps.reshape(-1, grid, grid)


def to_picture(language: Tensor, attention: Attention) -> Tensor:
    """Of attention between all positions (length, length), that from each token to the visual ones.

    Returns:
        (tokens, visual), at the positions that predict the tokens; each row sums to 1.
    """
    return _normalised(language[-1 - attention.said : -1, : attention.visual])


def rollout(layers: Tensor) -> Tensor:
    """Attention through several layers (layers, n, n), with their residuals: (n, n).

    Attention rollout, arXiv 2005.00928, section 3.
    """
    through = torch.eye(layers.shape[-1], device=layers.device)
    for layer in layers:
        through = (layer @ through + through) / 2
    return through


def _carried(connector: Tensor, visual: int, glance: bool) -> Tensor:
    """From visual tokens to the features behind them, (visual, visual)."""
    through = _normalised(rollout(connector)[:visual, :visual])
    return (through + torch.eye(visual, device=through.device)) / 2 if glance else through


def _normalised(maps: Tensor) -> Tensor:
    return maps / maps.sum(dim=-1, keepdim=True)


@contextmanager
def _recorded(model: PreTrainedModel | None, attention: type[nn.Module]) -> Iterator[list[Tensor]]:
    """Put the attention of each layer, mean over heads (batch, queries, keys), into a list.

    Only eager attention gives its weights: it is what the model uses meanwhile. `attention` is the
    class of the modules that attend.
    """
    layers: list[Tensor] = []
    if model is None:
        yield layers
        return

    def keep(_module: nn.Module, _inputs: tuple, outputs: tuple[Tensor, Tensor]) -> None:
        layers.append(outputs[1].float().mean(dim=1))

    attentions = (one for one in model.modules() if isinstance(one, attention))
    hooks = [one.register_forward_hook(keep) for one in attentions]
    try:
        with eager_attention(model):
            yield layers
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def eager_attention(model: PreTrainedModel) -> Iterator[None]:
    """Let a model attend by plain products for a while: on a CPU that trains twice as fast."""
    usual = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(usual)
