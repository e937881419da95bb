# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pretrained language models: loading, and pruning of layers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, pre_tokenizers
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from mmser_ros.captioner.config import LanguageConfig
from mmser_ros.captioner.model.decoder import DEFAULTS, KINDS
from mmser_ros.captioner.model.language_model import (
    LanguageModel,
    build_language_model,
    from_transformers,
)
from mmser_ros.captioner.model.uninitialised import Uninitialised
from mmser_ros.training.loop import TrainingError


def read_pretrained(source: str) -> tuple[LanguageModel, Tokenizer]:
    """Read a language model and its tokenizer.

    Args:
        source: a folder in transformers' format, an id on the Hugging Face hub, or a GGUF file
            (whose quantized weights become float32).

    Raises:
        TrainingError: it is none of these, it is incomplete, or the kind of model is unknown.
    """
    path = Path(source)
    name, options = source, {}
    if path.suffix == ".gguf":
        if find_spec("gguf") is None:
            msg = f"{path} needs the package gguf: pip install '.[train]'"
            raise TrainingError(msg)
        name, options = str(path.parent), {"gguf_file": path.name}
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            name, dtype=torch.float32, output_loading_info=True, **options
        )
        whole, found = loaded
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(name, **options).backend_tokenizer
    except (OSError, ValueError) as error:
        msg = (
            f"{source} can't be read ({error}); expected a language model as a folder in the "
            "format of transformers, an id on the Hugging Face hub, or a GGUF file"
        )
        raise TrainingError(msg) from error
    kind = whole.config.model_type
    if kind not in KINDS:
        msg = f"{source} has the kind {kind!r}; expected one of {', '.join(sorted(KINDS))}"
        raise TrainingError(msg)
    if found["missing_keys"]:  # they would be random
        msg = f"{source} lacks {sorted(found['missing_keys'])[:3]}; expected all weights"
        raise TrainingError(msg)
    if options:
        _restore_pre_tokenizer(tokenizer, path)
    return from_transformers(whole), tokenizer


def configuration(model: LanguageModel) -> LanguageConfig:
    """The configuration that builds the same model with random weights."""
    usual = DEFAULTS[model.kind]
    changed = {name: one for name, one in model.architecture.items() if one != usual[name]}
    return LanguageConfig("random", changed, model.kind)


def rebuild(
    model: LanguageModel, changes: Mapping[str, Any], weights: Mapping[str, Tensor]
) -> LanguageModel:
    """Build a model with changes to the architecture, and load these weights."""
    config = configuration(model)
    with Uninitialised():
        changed = replace(config, architecture={**config.architecture, **changes})
        fresh = build_language_model(changed)
    fresh.load_state_dict(weights)
    return fresh


def prune_layers(model: LanguageModel, keep: Sequence[int]) -> LanguageModel:
    """Keep some of a model's layers; each reads the output of the kept layer before it.

    Args:
        model: the source; it is not changed.
        keep: indices of layers, from 0, ascending.

    Raises:
        TrainingError: `keep` is not as described.
    """
    count = len(model.layers)
    if not keep or list(keep) != sorted(set(keep) & set(range(count))):
        msg = f"layers to keep are {list(keep)}; expected some of 0 to {count - 1}, ascending"
        raise TrainingError(msg)
    renumbered = {old: new for new, old in enumerate(keep)}
    weights = {}
    for name, value in model.state_dict().items():
        before, layer, after = _by_layer(name)
        if layer is None:
            weights[name] = value
        elif layer in renumbered:
            weights[f"{before}{renumbered[layer]}{after}"] = value
    return rebuild(model, {"num_hidden_layers": len(keep)}, weights)


def _by_layer(name: str) -> tuple[str, int | None, str]:
    found = re.fullmatch(r"(.*\blayers\.)(\d+)(\..*)", name)
    return (found[1], int(found[2]), found[3]) if found else (name, None, "")


def _restore_pre_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Restore the pre-tokenizer, of which a GGUF file stores only the name."""
    from gguf import GGUFReader

    field = GGUFReader(path).fields.get("tokenizer.ggml.pre")
    name = field.contents() if field else "default"
    if name == "smollm":  # each digit is a token
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    elif name not in ("default", "gpt-2"):  # which transformers restores
        msg = f"{path} has the pre-tokenizer {name!r}; expected default, gpt-2 or smollm: use the "
        msg += "model's folder instead"
        raise TrainingError(msg)
