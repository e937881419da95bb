# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Language models of transformers, of two kinds with one interface."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from transformers import (
    DynamicCache,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.models.llama.modeling_llama import LlamaAttention
from transformers.models.opt.modeling_opt import OPTAttention

from mmser_ros.captioner.config import ConfigError, LanguageConfig


@dataclass(frozen=True)
class Kind:
    """The classes of transformers for a kind of language model.

    Attributes:
        config: class of the configuration.
        whole: class of the model with its head.
        attention: class of the attention modules.
    """

    config: type[PreTrainedConfig]
    whole: type[PreTrainedModel]
    attention: type[nn.Module]


KINDS = {
    "opt": Kind(OPTConfig, OPTForCausalLM, OPTAttention),  # arXiv 2205.01068
    "llama": Kind(LlamaConfig, LlamaForCausalLM, LlamaAttention),  # arXiv 2302.13971
}

EACH = 4
"""Dimensions of a mask with a row for each position."""


class LanguageModel(nn.Module):
    """A causal language model of any kind.

    Weights keep the names of transformers: `model.…` and `lm_head.weight`.

    Attributes:
        kind: a key of KINDS.
        model: the transformer, without its head.
        lm_head: the head, states (…, width) → logits (…, vocabulary).
        attention: class of the attention modules of `model`.
    """

    def __init__(self, kind: str, whole: PreTrainedModel) -> None:
        """Wrap a model of transformers.

        Args:
            kind: a key of KINDS.
            whole: of the class that `kind` names.
        """
        super().__init__()
        self.kind = kind
        self.model = cast(PreTrainedModel, whole.model)
        self.lm_head = cast(nn.Linear, whole.lm_head)
        self.attention = KINDS[kind].attention

    @property
    def embeddings(self) -> Tensor:
        """Embeddings of all tokens, (vocabulary, width)."""
        return self._embedding.weight

    @property
    def width(self) -> int:
        """Width of the embeddings."""
        return self._embedding.embedding_dim

    @property
    def vocabulary(self) -> int:
        """Size of the vocabulary."""
        return self._embedding.num_embeddings

    @property
    def begin(self) -> int:
        """Id of the token that begins a text."""
        return cast(int, self.model.config.bos_token_id)

    @property
    def end(self) -> int:
        """Id of the token that ends a text."""
        return cast(int, self.model.config.eos_token_id)

    @property
    def tied(self) -> bool:
        """Whether the head's weights are the word embeddings."""
        return bool(self.model.config.tie_word_embeddings)

    def embed(self, tokens: Tensor) -> Tensor:
        """Word embeddings (…, width) of token ids (…)."""
        return self._embedding(tokens)

    def compile_layers(self) -> None:
        """Compile the layers in place with torch.compile, for inputs of any length."""
        layers = next(one for one in self.model.modules() if isinstance(one, nn.ModuleList))
        # A layer is compiled again if it is trained or frozen, and if it has a cache.
        torch._dynamo.config.recompile_limit = 4 * len(layers)
        for one in layers:
            one.compile(dynamic=True)

    def new_cache(self) -> DynamicCache:
        """An empty cache of keys and values, for `forward`."""
        return DynamicCache(config=self.model.config)

    def forward(
        self,
        embeddings: Tensor,
        positions: Tensor,
        mask: Tensor | None = None,
        cache: DynamicCache | None = None,
    ) -> Tensor:
        """The last layer's states (batch, length, width), for `lm_head`.

        Args:
            embeddings: (batch, length, width), embeddings of the input.
            positions: (batch, length), positions from 0, in any order.
            mask: True where a position may be attended to: (batch, cached + length), the same for
                all queries beside causality, or (batch, 1, length, length), for each query.
                None: all positions.
            cache: keys and values read so far; the input's are added.
        """
        if mask is None and cache is None:
            # Without a mask a Llama treats positions that do not ascend one by one as separate
            # packed texts.
            mask = torch.ones(embeddings.shape[:2], dtype=torch.bool, device=embeddings.device)
        if mask is not None and mask.ndim == EACH and self._is_eager:
            # Eager attention takes a mask that is added to the scores.
            least = torch.finfo(embeddings.dtype).min
            mask = torch.zeros_like(mask, dtype=embeddings.dtype).masked_fill(~mask, least)
        return self.model(
            inputs_embeds=embeddings,
            position_ids=positions,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=cache is not None,
        ).last_hidden_state

    @property
    def _is_eager(self) -> bool:
        return self.model.config._attn_implementation == "eager"

    @property
    def _embedding(self) -> nn.Embedding:
        return cast(nn.Embedding, self.model.get_input_embeddings())

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> LanguageModel:
        # Rotary frequencies stay float32: in 16 bits they are far off at later positions.
        saved = self.state_dict().keys()
        computed = {
            name: buffer
            for name, buffer in self.named_buffers()
            if buffer.dtype == torch.float32 and name not in saved
        }
        super()._apply(fn, recurse)
        for name, buffer in computed.items():
            owner, _, own = name.rpartition(".")
            moved = self.get_buffer(name).device
            setattr(self.get_submodule(owner), own, buffer.to(moved))
        return self


def build_language_model(config: LanguageConfig) -> LanguageModel:
    """Build a language model with pretrained or random weights, float32, in eval mode.

    Raises:
        ConfigError: the kind is unknown, or its architecture can't be built.
        OSError: the weights named are neither a folder nor on the Hugging Face hub.
    """
    if config.kind not in KINDS:
        msg = f"unknown kind of language model {config.kind!r}; expected one of {sorted(KINDS)}"
        raise ConfigError(msg)
    kind = KINDS[config.kind]
    if config.weights == "random":
        whole = kind.whole(kind.config(**config.architecture))
    else:
        whole = kind.whole.from_pretrained(config.weights, dtype=torch.float32)
    return LanguageModel(config.kind, whole).eval()


def clean(caption: str) -> str:
    """Normalise a caption: no space before punctuation, no final period."""
    caption = re.sub(r"\s+", " ", caption).strip().strip('"').strip()
    caption = re.sub(r"\s+([.,;:!?'])", r"\1", caption)
    return caption.rstrip(" .")
