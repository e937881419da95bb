# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Language models of two kinds with one interface."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import ConfigError, LanguageConfig
from mmser_ros.captioner.model.attend import Cache
from mmser_ros.captioner.model.decoder import DEVIATION, KINDS, complete, initialise
from mmser_ros.captioner.model.uninitialised import Uninitialised

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NOT_ARCHITECTURE = {
    *("architectures", "dtype", "model_type", "quantization_config", "transformers_version"),
    *("unk_token_id", "use_cache"),
}
"""Entries of a configuration of transformers that are no arguments of the model."""

EACH = 4
"""Dimensions of a mask with a row for each position."""


class LanguageModel(nn.Module):
    """A causal language model of any kind.

    Weights keep the names of transformers: `model.…` and `lm_head.weight`.

    Attributes:
        kind: a key of KINDS.
        architecture: of the model, as transformers names its entries, with all defaults.
        model: the transformer, without its head.
        lm_head: the head, states (…, width) → logits (…, vocabulary).
    """

    def __init__(self, kind: str, architecture: Mapping[str, Any]) -> None:
        """Build it with random weights.

        Args:
            kind: a key of KINDS.
            architecture: as in `LanguageConfig`.

        Raises:
            ConfigError: the architecture can't be built.
        """
        super().__init__()
        self.kind = kind
        self.architecture = complete(kind, architecture)
        self.model = KINDS[kind](self.architecture)
        self.lm_head = nn.Linear(self.width, self.vocabulary, bias=False)
        if self.tied:
            self.lm_head.weight = self._embedding.weight
        initialise(self, self.architecture[DEVIATION[kind]])

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
        return self.architecture["bos_token_id"]

    @property
    def end(self) -> int:
        """Id of the token that ends a text."""
        return self.architecture["eos_token_id"]

    @property
    def tied(self) -> bool:
        """Whether the head's weights are the word embeddings."""
        return self.architecture["tie_word_embeddings"]

    def embed(self, tokens: Tensor) -> Tensor:
        """Word embeddings (…, width) of token ids (…)."""
        return self._embedding(tokens)

    def compile_layers(self) -> None:
        """Compile the layers in place with torch.compile, for inputs of any length."""
        # A layer is compiled again if it is trained or frozen, and if it has a cache.
        torch._dynamo.config.recompile_limit = 4 * len(self.layers)
        for one in self.layers:
            one.compile(dynamic=True)

    @property
    def layers(self) -> nn.ModuleList:
        """The layers, in order."""
        return next(one for one in self.model.modules() if isinstance(one, nn.ModuleList))

    def new_cache(self, batch: int, longest: int) -> Cache:
        """A cache for `batch` texts of up to `longest` tokens, for `forward`."""
        config = self.architecture
        heads = config["num_attention_heads"]
        size = config.get("head_dim") or self.width // heads
        groups = config.get("num_key_value_heads") or heads
        some = self.embeddings
        return Cache([some.new_empty(2, batch, groups, longest, size) for _ in self.layers])

    def forward(
        self,
        embeddings: Tensor,
        positions: Tensor,
        mask: Tensor | None = None,
        cache: Cache | None = None,
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
        length = embeddings.shape[1]
        before = cache.length if cache else 0
        if mask is None and before and length > 1:
            mask = torch.ones(1, before + length, dtype=torch.bool, device=embeddings.device)
        if mask is not None and mask.ndim != EACH:
            causal = torch.ones(length, before + length, dtype=torch.bool, device=mask.device)
            mask = mask[:, None, None] & causal.tril(before)
        states = self.model(embeddings, positions, cache, mask)
        if cache:
            cache.length += length
        return states

    @property
    def _embedding(self) -> nn.Embedding:
        return next(one for one in self.model.modules() if isinstance(one, nn.Embedding))


def build_language_model(config: LanguageConfig) -> LanguageModel:
    """Build a language model with pretrained or random weights, float32, in eval mode.

    Raises:
        ConfigError: the kind is unknown, or its architecture can't be built.
        OSError: the weights named are neither a folder nor on the Hugging Face hub.
    """
    if config.kind not in KINDS:
        msg = f"unknown kind of language model {config.kind!r}; expected one of {sorted(KINDS)}"
        raise ConfigError(msg)
    if config.weights == "random":
        return LanguageModel(config.kind, config.architecture).eval()
    from transformers import AutoModelForCausalLM

    whole = AutoModelForCausalLM.from_pretrained(config.weights, dtype=torch.float32)
    return from_transformers(whole)


def from_transformers(whole: PreTrainedModel) -> LanguageModel:
    """A model of transformers as one of ours, with the same weights, in eval mode.

    Raises:
        ConfigError: it is a variant that is not supported.
    """
    fields = whole.config.to_diff_dict()
    names = {name for name in fields if not name.startswith("_")} - NOT_ARCHITECTURE
    with Uninitialised():
        model = LanguageModel(whole.config.model_type, {name: fields[name] for name in names})
    model.load_state_dict(whole.state_dict())
    return model.eval()


def clean(caption: str) -> str:
    """Normalise a caption: no space before punctuation, no final period."""
    caption = re.sub(r"\s+", " ", caption).strip().strip('"').strip()
    caption = re.sub(r"\s+([.,;:!?'])", r"\1", caption)
    return caption.rstrip(" .")
