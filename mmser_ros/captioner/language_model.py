# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The language model: OPT (arXiv 2205.01068) through transformers."""

from __future__ import annotations

import re

import torch
from transformers import OPTConfig, OPTForCausalLM

from mmser_ros.captioner.config import LanguageConfig


def build_language_model(config: LanguageConfig) -> OPTForCausalLM:
    """Build an OPT with pretrained or random weights, float32, in eval mode.

    Raises:
        OSError: the weights named are neither a folder nor on the Hugging Face hub.
    """
    if config.weights != "random":
        return OPTForCausalLM.from_pretrained(config.weights, dtype=torch.float32).eval()
    return OPTForCausalLM(OPTConfig(**config.architecture)).eval()


def clean(caption: str) -> str:
    """One caption as the model speaks and reads: no space before punctuation, no final period."""
    caption = re.sub(r"\s+", " ", caption).strip().strip('"').strip()
    caption = re.sub(r"\s+([.,;:!?'])", r"\1", caption)
    return caption.rstrip(" .")
