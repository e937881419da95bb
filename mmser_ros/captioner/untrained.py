# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Specialists before training: architecture files and initial weights."""

from __future__ import annotations

from dataclasses import replace

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from mmser_ros.captioner.config import LanguageConfig, SpecialistConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.resources import share_path


def read_architecture(name: str) -> SpecialistConfig:
    """The configuration `config/architectures/<name>.json`.

    Raises:
        ResourceError: there is no such file.
        ConfigError: it can't be parsed.
    """
    return SpecialistConfig.from_file(share_path(f"config/architectures/{name}.json"))


def random_weights(config: SpecialistConfig) -> SpecialistConfig:
    """The same architecture with random weights everywhere: for tests and timing, offline."""
    return replace(
        config,
        vision=replace(config.vision, weights="random"),
        language=replace(config.language, weights="random"),
    )


def build_untrained(config: SpecialistConfig) -> tuple[Specialist, Tokenizer]:
    """Build a specialist whose vision tower and language model come from their sources.

    The glance connector is always new. A random language model has no
    vocabulary yet; its tokenizer has single bytes.

    Raises:
        ConfigError: a source is unknown.
        OSError: a source on the Hugging Face hub can't be reached.
    """
    return Specialist(config), _source_tokenizer(config.language)


def _source_tokenizer(config: LanguageConfig) -> Tokenizer:
    if config.weights == "random":
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        vocabulary = {
            byte: number for number, byte in enumerate(["<pad>", "<s>", "</s>", *alphabet])
        }
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
        tokenizer.add_special_tokens(["<pad>", "<s>", "</s>"])
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(config.weights).backend_tokenizer
