# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""LLaVA-1.5-7B (arXiv 2310.03744) with random weights, by transformers: what the paper compares to.

On a GPU it runs whole, in float16. On a CPU one layer of each kind is timed, in float32, and the
time is multiplied by the number of layers.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import torch
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

VISION_LAYERS, LAYERS = 23, 32
"""Layers that are used: of the vision tower the second last is the last."""
TEXT = 40
"""Tokens of the question with its system prompt, about."""
IMAGE = 32_000
"""The token that stands for a part of the image."""
VISION: dict[str, Any] = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_attention_heads": 16,
    "image_size": 336,
    "patch_size": 14,
    "projection_dim": 768,
}
LANGUAGE: dict[str, Any] = {"vocab_size": 32_064}
"""And transformers' defaults for Llama, which are those of 7B."""


class Llava:
    """LLaVA-1.5-7B, ready to be timed; see `Candidate`."""

    max_passes = 1

    def __init__(self, device: str, *, whole: bool | None = None) -> None:
        """Build it; `whole` says whether all of it runs, by default on a GPU."""
        self._whole = device != "cpu" if whole is None else whole
        layers = (VISION_LAYERS + 1, LAYERS) if self._whole else (1, 1)
        vision = CLIPVisionConfig(num_hidden_layers=layers[0], **VISION)
        language = LlamaConfig(num_hidden_layers=layers[1], **LANGUAGE)
        self._visual = (VISION["image_size"] // VISION["patch_size"]) ** 2
        self.facts: dict[str, Any] = {"quantize": "fp16", "scaled": None}
        if self._whole:
            options: Any = {"image_token_index": IMAGE}
            config = LlavaConfig(vision_config=vision, text_config=language, **options)
            usual = torch.get_default_dtype()
            torch.set_default_dtype(torch.float16)
            with torch.device(device):
                self._model: Any = LlavaForConditionalGeneration(config).eval()
            torch.set_default_dtype(usual)
            return
        self._vision = CLIPVisionModel(vision).eval()
        self._model = LlamaForCausalLM(language).eval()
        scaled = f"one decoder layer times {LAYERS}, one vision layer times {VISION_LAYERS}"
        self.facts = {"quantize": "none", "scaled": f"{scaled}; memory is of these layers alone"}

    @torch.inference_mode()
    def caption(self, image: np.ndarray, passes: int, tokens: int) -> dict[str, float]:
        """Milliseconds of one caption with this many tokens, from noise."""
        tokens = tokens or 15
        return self._run_whole(tokens) if self._whole else self._run_scaled(tokens)

    def _run_whole(self, tokens: int) -> dict[str, float]:
        device = self._model.device
        side = VISION["image_size"]
        pixels = torch.rand(1, 3, side, side, device=device, dtype=torch.float16)
        ids = torch.tensor([[IMAGE] * self._visual + [5] * TEXT], device=device)
        begun = perf_counter()
        self._model.generate(
            input_ids=ids,
            pixel_values=pixels,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
        )
        if device.type != "cpu":
            torch.cuda.synchronize()
        return {"whole": 1e3 * (perf_counter() - begun), "tokens decoded": tokens - 1}

    def _run_scaled(self, tokens: int) -> dict[str, float]:
        side = VISION["image_size"]
        vision = VISION_LAYERS * _took(lambda: self._vision(torch.rand(1, 3, side, side)))[0]
        width = self._model.config.hidden_size
        prompt, one = torch.randn(1, self._visual + TEXT, width), torch.randn(1, 1, width)
        decoder, head = self._model.model, self._model.lm_head
        read, states = _took(lambda: decoder(inputs_embeds=prompt, use_cache=True))
        cache = states.past_key_values
        step, _ = _took(lambda: decoder(inputs_embeds=one, past_key_values=cache))
        chosen, _ = _took(lambda: head(one))
        prefill, token = LAYERS * read + chosen, LAYERS * step + chosen
        taken = {"vision": vision, "prefill": prefill, "token": (tokens - 1) * token}
        return {"whole": sum(taken.values()), **taken, "tokens decoded": tokens - 1}


def _took(run: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds of a call, and what it gave."""
    begun = perf_counter()
    result = run()
    return 1e3 * (perf_counter() - begun), result
