# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Transformer encoders as lean modules: BERT, and the vision half of CLIP.

Weights have the names of transformers, and give the same states (tests compare).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu

from mmser_ros.captioner.config import ConfigError
from mmser_ros.captioner.model.attend import Attend, join_heads, split_heads
from mmser_ros.captioner.model.decoder import initialise

BERT = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "layer_norm_eps": 1e-12,
    "type_vocab_size": 2,
    "initializer_range": 0.02,
}
CLIP = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "patch_size": 32,
    "projection_dim": 512,  # of the part that is not used
    "layer_norm_eps": 1e-5,
    "initializer_factor": 1.0,
    "hidden_act": "quick_gelu",
}
"""Defaults of the architectures, as transformers has them."""
INIT_DEVIATION = 0.02


def quick_gelu(x: Tensor) -> Tensor:
    """CLIP's approximation of GELU."""
    return x * torch.sigmoid(1.702 * x)


def _complete(kind: str, defaults: dict[str, Any], architecture: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(architecture.keys() - defaults.keys())
    if unknown:
        msg = f"unknown entries {unknown} of {kind}; expected some of {sorted(defaults)}"
        raise ConfigError(msg)
    return {**defaults, **architecture}


class Bert(nn.Module):
    """BERT (arXiv 1810.04805) over inputs that are given as embeddings."""

    def __init__(self, architecture: dict[str, Any], longest: int) -> None:
        """Build it with random weights.

        Args:
            architecture: keyword arguments of `transformers.BertConfig`.
            longest: the most tokens of an input.

        Raises:
            ConfigError: an entry is unknown.
        """
        super().__init__()
        config = _complete("BERT", BERT, architecture)
        self.hidden: int = config["hidden_size"]
        epsilon = config["layer_norm_eps"]
        self._dropout = config["hidden_dropout_prob"]
        self.embeddings: Any = nn.Module()
        self.embeddings.word_embeddings = nn.Embedding(1, self.hidden)  # never read
        self.embeddings.position_embeddings = nn.Embedding(longest, self.hidden)
        self.embeddings.token_type_embeddings = nn.Embedding(config["type_vocab_size"], self.hidden)
        self.embeddings.LayerNorm = nn.LayerNorm(self.hidden, epsilon)
        self.encoder: Any = nn.Module()
        layers = range(config["num_hidden_layers"])
        self.encoder.layer = nn.ModuleList(_BertLayer(config) for _ in layers)
        initialise(self, config["initializer_range"])

    def forward(self, states: Tensor, types: Tensor, mask: Tensor | None = None) -> Tensor:
        """States (batch, length, hidden) of the last layer.

        Args:
            states: (batch, length, hidden), embeddings of the input.
            types: (batch, length), the type of each token.
            mask: (batch, length), False at padding; None: no padding.
        """
        own = self.embeddings
        x = states + own.token_type_embeddings(types)
        x = own.LayerNorm(x + own.position_embeddings.weight[: x.shape[1]])
        x = dropout(x, self._dropout, self.training)
        visible = None if mask is None else mask[:, None, None].bool()
        for layer in self.encoder.layer:
            x = layer(x, visible)
        return x


class _BertLayer(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self._dropout = config["hidden_dropout_prob"]
        self._size = width // config["num_attention_heads"]
        self.attention: Any = nn.Module()
        self.attention.self = nn.Module()
        for name in ("query", "key", "value"):
            self.attention.self.add_module(name, nn.Linear(width, width))
        self.attention.self.attend = Attend(config["attention_probs_dropout_prob"])
        self.attention.output = _Output(width, width, epsilon)
        self.intermediate: Any = nn.Module()
        self.intermediate.dense = nn.Linear(width, config["intermediate_size"])
        self.output = _Output(config["intermediate_size"], width, epsilon)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        own = self.attention.self
        queries, keys, values = (
            split_heads(project(x), self._size) for project in (own.query, own.key, own.value)
        )
        read = join_heads(own.attend(queries, keys, values, mask))
        x = self._add(self.attention.output, x, read)
        return self._add(self.output, x, gelu(self.intermediate.dense(x)))

    def _add(self, output: _Output, x: Tensor, hidden: Tensor) -> Tensor:
        return output.LayerNorm(x + dropout(output.dense(hidden), self._dropout, self.training))


class _Output(nn.Module):
    """A projection, and the normalisation after its sum with the input."""

    def __init__(self, inputs: int, outputs: int, epsilon: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, outputs)
        self.LayerNorm = nn.LayerNorm(outputs, epsilon)


class ClipVision(nn.Module):
    """The vision half of CLIP (arXiv 2103.00020), up to the last layer that is asked for."""

    def __init__(self, architecture: dict[str, Any], image_size: int) -> None:
        """Build it with random weights.

        Args:
            architecture: keyword arguments of `transformers.CLIPVisionConfig`.
            image_size: side of the image, in pixels.

        Raises:
            ConfigError: an entry is unknown, or the activation is not supported.
        """
        super().__init__()
        config = _complete("CLIP", CLIP, architecture)
        activations: dict[str, Callable] = {"quick_gelu": quick_gelu, "gelu": gelu}
        if config["hidden_act"] not in activations:
            msg = f"hidden_act of CLIP is {config['hidden_act']!r}; expected quick_gelu or gelu"
            raise ConfigError(msg)
        self.hidden: int = config["hidden_size"]
        self.patch: int = config["patch_size"]
        self.depth: int = config["num_hidden_layers"]
        width, patch = self.hidden, self.patch
        self.embeddings: Any = nn.Module()
        self.embeddings.class_embedding = nn.Parameter(torch.randn(width) * INIT_DEVIATION)
        self.embeddings.patch_embedding = nn.Conv2d(3, width, patch, patch, bias=False)
        cells = (image_size // patch) ** 2
        self.embeddings.position_embedding = nn.Embedding(cells + 1, width)
        self.pre_layrnorm = nn.LayerNorm(width, config["layer_norm_eps"])  # CLIP's own spelling
        self.encoder: Any = nn.Module()
        act = activations[config["hidden_act"]]
        self.encoder.layers = nn.ModuleList(_ClipLayer(config, act) for _ in range(self.depth))
        initialise(self, INIT_DEVIATION)

    def forward(self, pixels: Tensor, layers: Iterable[int]) -> list[Tensor]:
        """Outputs (batch, cells + 1, hidden) of these layers, counted from 1.

        Args:
            pixels: (batch, 3, size, size), normalised.
            layers: in any order.
        """
        own = self.embeddings
        cells = own.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = own.class_embedding.expand(len(cells), 1, -1)
        x = torch.cat([first, cells], dim=1) + own.position_embedding.weight
        x = self.pre_layrnorm(x)
        wanted = list(layers)
        found = {}
        for number, layer in enumerate(self.encoder.layers[: max(wanted)], start=1):
            x = found[number] = layer(x)
        return [found[number] for number in wanted]


class _ClipLayer(nn.Module):
    def __init__(self, config: dict[str, Any], activation: Callable) -> None:
        super().__init__()
        width = config["hidden_size"]
        self._size = width // config["num_attention_heads"]
        self._activation = activation
        self.self_attn: Any = nn.Module()
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            self.self_attn.add_module(name, nn.Linear(width, width))
        self.self_attn.attend = Attend()
        self.layer_norm1 = nn.LayerNorm(width, config["layer_norm_eps"])
        self.layer_norm2 = nn.LayerNorm(width, config["layer_norm_eps"])
        self.mlp: Any = nn.Module()
        self.mlp.fc1 = nn.Linear(width, config["intermediate_size"])
        self.mlp.fc2 = nn.Linear(config["intermediate_size"], width)

    def forward(self, x: Tensor) -> Tensor:
        own, normed = self.self_attn, self.layer_norm1(x)
        queries, keys, values = (
            split_heads(project(normed), self._size)
            for project in (own.q_proj, own.k_proj, own.v_proj)
        )
        x = x + own.out_proj(join_heads(own.attend(queries, keys, values)))
        return x + self.mlp.fc2(self._activation(self.mlp.fc1(self.layer_norm2(x))))
