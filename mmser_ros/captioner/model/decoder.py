# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The two kinds of language models as lean modules: OPT and Llama.

Weights have the names of transformers, and give the same logits (a test compares). What they do not
have: variants of OPT and Llama that no model of this package uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, relu, rms_norm, silu

from mmser_ros.captioner.config import ConfigError
from mmser_ros.captioner.model.attend import Attend, Cache, join_heads, split_heads

OFFSET = 2
"""Rows of OPT's position embeddings before that of position 0."""
COMMON = {
    "pad_token_id": None,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "attention_dropout": 0.0,
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "opt": {
        **COMMON,
        "pad_token_id": 1,
        "bos_token_id": 2,
        "vocab_size": 50272,
        "hidden_size": 768,
        "ffn_dim": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "max_position_embeddings": 2048,
        "dropout": 0.1,
        "init_std": 0.02,
        "tie_word_embeddings": True,
    },
    "llama": {
        **COMMON,
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": None,
        "head_dim": None,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-6,
        "rope_parameters": None,
        "initializer_range": 0.02,
        "tie_word_embeddings": False,
    },
}
"""Defaults of the architectures, as transformers has them."""
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
FIXED: dict[str, dict[str, Any]] = {
    "opt": {
        "word_embed_proj_dim": None,  # the width
        "activation_function": "relu",
        "do_layer_norm_before": True,
        "_remove_final_layer_norm": False,
        "enable_bias": True,
        "layer_norm_elementwise_affine": True,
        "layerdrop": 0.0,
        "prefix": "</s>",
        "use_cache": True,
    },
    "llama": {
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "pretraining_tp": 1,
        "rope_scaling": None,
        "use_cache": True,
    },
}
"""What transformers can vary and this package does not."""


def complete(kind: str, architecture: Mapping[str, Any]) -> dict[str, Any]:
    """An architecture with the defaults of its kind.

    Raises:
        ConfigError: it has an entry that is unknown, or a variant that is not supported.
    """
    whole = {name: architecture.get(name, usual) for name, usual in DEFAULTS[kind].items()}
    fixed = {**FIXED[kind], "word_embed_proj_dim": whole["hidden_size"]}
    for name, value in architecture.items():
        if name in fixed and value != fixed[name]:
            msg = f"{name} of {kind} is {value!r}; expected {fixed[name]!r}"
            raise ConfigError(msg)
        if name not in fixed and name not in DEFAULTS[kind]:
            msg = f"unknown entry {name!r} of {kind}; expected some of {sorted(DEFAULTS[kind])}"
            raise ConfigError(msg)
    width, heads = whole["hidden_size"], whole["num_attention_heads"]
    if width % heads and not whole.get("head_dim"):
        msg = (
            f"num_attention_heads of {kind} is {heads}; expected a divisor of hidden_size, {width}"
        )
        raise ConfigError(msg)
    if kind == "llama":
        whole["head_dim"] = whole["head_dim"] or width // heads
        whole["num_key_value_heads"] = whole["num_key_value_heads"] or heads
        whole["rope_parameters"] = {**ROPE, **(whole["rope_parameters"] or {})}
    return whole


class _OptLayer(nn.Module):
    def __init__(self, number: int, config: Mapping[str, Any]) -> None:
        super().__init__()
        width = config["hidden_size"]
        self._number, self._dropout = number, config["dropout"]
        self.self_attn: Any = nn.Module()
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            self.self_attn.add_module(name, nn.Linear(width, width))
        self.self_attn.attend = Attend(config["attention_dropout"])
        self._size = width // config["num_attention_heads"]
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, config["ffn_dim"])
        self.fc2 = nn.Linear(config["ffn_dim"], width)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, seen: _Seen) -> Tensor:
        own = self.self_attn
        normed = self.self_attn_layer_norm(x)
        queries, keys, values = (
            split_heads(project(normed), self._size)
            for project in (own.q_proj, own.k_proj, own.v_proj)
        )
        read = seen.attend(own.attend, self._number, queries, keys, values)
        x = x + dropout(own.out_proj(read), self._dropout, self.training)
        hidden = self.fc2(relu(self.fc1(self.final_layer_norm(x))))
        return x + dropout(hidden, self._dropout, self.training)


class _LlamaLayer(nn.Module):
    def __init__(self, number: int, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, heads = config["hidden_size"], config["num_attention_heads"]
        groups, size = config["num_key_value_heads"], config["head_dim"]
        self._number, self._size = number, size
        self.self_attn: Any = nn.Module()
        self.self_attn.q_proj = nn.Linear(width, heads * size, bias=False)
        self.self_attn.k_proj = nn.Linear(width, groups * size, bias=False)
        self.self_attn.v_proj = nn.Linear(width, groups * size, bias=False)
        self.self_attn.o_proj = nn.Linear(heads * size, width, bias=False)
        self.self_attn.attend = Attend(config["attention_dropout"])
        self.mlp: Any = nn.Module()
        self.mlp.gate_proj = nn.Linear(width, config["intermediate_size"], bias=False)
        self.mlp.up_proj = nn.Linear(width, config["intermediate_size"], bias=False)
        self.mlp.down_proj = nn.Linear(config["intermediate_size"], width, bias=False)
        self.input_layernorm = RmsNorm(width, config["rms_norm_eps"])
        self.post_attention_layernorm = RmsNorm(width, config["rms_norm_eps"])

    def forward(self, x: Tensor, seen: _Seen) -> Tensor:
        own, mlp = self.self_attn, self.mlp
        normed = self.input_layernorm(x)
        queries = seen.turn(split_heads(own.q_proj(normed), self._size))
        keys = seen.turn(split_heads(own.k_proj(normed), self._size))
        values = split_heads(own.v_proj(normed), self._size)
        x = x + own.o_proj(seen.attend(own.attend, self._number, queries, keys, values))
        normed = self.post_attention_layernorm(x)
        return x + mlp.down_proj(silu(mlp.gate_proj(normed)) * mlp.up_proj(normed))


class RmsNorm(nn.Module):
    """Root mean square normalisation (arXiv 1910.07467), computed in float32."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self._epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (…, width)."""
        return self.weight * rms_norm(x.float(), (x.shape[-1],), eps=self._epsilon).to(x.dtype)


class _Seen:
    """What the layers of one forward pass share: the cache, what may be seen, and rotations."""

    def __init__(
        self, cache: Cache | None, mask: Tensor | None, rotation: tuple[Tensor, Tensor] | None
    ) -> None:
        self._cache, self._mask, self._rotation = cache, mask, rotation

    def attend(
        self, attend: Attend, layer: int, queries: Tensor, keys: Tensor, values: Tensor
    ) -> Tensor:
        """Attention of a layer, (batch, length, heads · size); keys and values are cached."""
        if self._cache is not None:
            keys, values = self._cache.write(layer, keys, values)
        causal = self._mask is None and queries.shape[2] > 1
        return join_heads(attend(queries, keys, values, self._mask, causal=causal))

    def turn(self, states: Tensor) -> Tensor:
        """Rotate queries or keys (batch, heads, length, size) by their positions."""
        assert self._rotation
        cosine, sine = self._rotation
        first, second = states.chunk(2, dim=-1)
        return states * cosine + torch.cat([-second, first], dim=-1) * sine


class _OptDecoder(nn.Module):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width = config["hidden_size"]
        self.embed_tokens = nn.Embedding(config["vocab_size"], width, config["pad_token_id"])
        self.embed_positions = nn.Embedding(config["max_position_embeddings"] + OFFSET, width)
        layers = range(config["num_hidden_layers"])
        self.layers = nn.ModuleList(_OptLayer(number, config) for number in layers)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(
        self, x: Tensor, positions: Tensor, cache: Cache | None, mask: Tensor | None
    ) -> Tensor:
        x = x + self.embed_positions(positions + OFFSET)
        seen = _Seen(cache, mask, None)
        for layer in self.layers:
            x = layer(x, seen)
        return self.final_layer_norm(x)


class Opt(nn.Module):
    """OPT (arXiv 2205.01068) without its head."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Build it with random weights; `config` is complete."""
        super().__init__()
        self.decoder = _OptDecoder(config)

    def forward(
        self, x: Tensor, positions: Tensor, cache: Cache | None, mask: Tensor | None
    ) -> Tensor:
        """See `LanguageModel.forward`; `mask` has a row for each query."""
        return self.decoder(x, positions, cache, mask)


class Llama(nn.Module):
    """Llama (arXiv 2302.13971) without its head."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Build it with random weights; `config` is complete."""
        super().__init__()
        width = config["hidden_size"]
        self.embed_tokens = nn.Embedding(config["vocab_size"], width, config["pad_token_id"])
        layers = range(config["num_hidden_layers"])
        self.layers = nn.ModuleList(_LlamaLayer(number, config) for number in layers)
        self.norm = RmsNorm(width, config["rms_norm_eps"])
        self._frequencies = _frequencies(config)

    def forward(
        self, x: Tensor, positions: Tensor, cache: Cache | None, mask: Tensor | None
    ) -> Tensor:
        """See `LanguageModel.forward`; `mask` has a row for each query."""
        angles = positions[:, None, :, None] * self._frequencies.to(positions.device)
        both = torch.cat([angles, angles], dim=-1)
        seen = _Seen(cache, mask, (both.cos().to(x.dtype), both.sin().to(x.dtype)))
        for layer in self.layers:
            x = layer(x, seen)
        return self.norm(x)


def _frequencies(config: Mapping[str, Any]) -> Tensor:
    """Rotary frequencies (size / 2,) of RoFormer (arXiv 2104.09864), float32."""
    rope, size = config["rope_parameters"], config["head_dim"]
    if rope.keys() != ROPE.keys() or rope["rope_type"] != ROPE["rope_type"]:
        msg = f"rope_parameters are {rope}; expected rope_theta, and the rope_type 'default'"
        raise ConfigError(msg)
    halves = torch.arange(0, size, 2, dtype=torch.float32, device="cpu") / size
    return 1.0 / rope["rope_theta"] ** halves


DEVIATION = {"opt": "init_std", "llama": "initializer_range"}
"""Entry of the architecture with the standard deviation of random weights."""
KINDS: dict[str, type[Opt] | type[Llama]] = {"opt": Opt, "llama": Llama}


def initialise(model: nn.Module, deviation: float) -> None:
    """Draw weights as transformers does: matrices from a normal distribution, biases 0."""
    for one in model.modules():
        if isinstance(one, (nn.Linear, nn.Embedding)):
            nn.init.normal_(one.weight, std=deviation)
            if isinstance(one, nn.Linear) and one.bias is not None:
                nn.init.zeros_(one.bias)
            if isinstance(one, nn.Embedding) and one.padding_idx is not None:
                nn.init.zeros_(one.weight[one.padding_idx])
