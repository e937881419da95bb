# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The same architecture by plain transformers, to compare with: its models, its `generate`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BertConfig,
    BertModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    PreTrainedModel,
)

from mmser_ros.captioner.config import SpecialistConfig, VisionConfig
from mmser_ros.captioner.decoding.prompt import Prompt, pad
from mmser_ros.captioner.model.joint_encoder import JointEncoder
from mmser_ros.captioner.model.language_model import LanguageModel
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import ClipTower, crops, fit_square
from mmser_ros.captioner.passes import to_pixels, word_ids
from mmser_ros.evaluation.bench.stopwatch import Stopwatch


class Plain:
    """A specialist whose networks are those of transformers, with the same weights.

    It has no draft, no bias on logits and no mirror image: each pass is decoded from its prompt.
    Networks that transformers does not have (EfficientNet-Lite, the word detector) are ours.
    """

    def __init__(
        self, specialist: Specialist, tokenizer: Tokenizer, watch: Stopwatch, *, int8: bool
    ) -> None:
        """Take over the weights of a specialist, which is changed.

        Args:
            specialist: on the CPU, in float32.
            tokenizer: of the specialist.
            watch: of the stages.
            int8: whether torch quantizes the linear layers dynamically.
        """
        self._specialist, self._tokenizer, self._watch = specialist, tokenizer, watch
        self.language = reference_language(specialist.language_model)
        connector = specialist.config.ser_connector
        vision: Any = specialist.vision  # modules take the place of ours
        if isinstance(specialist.vision, ClipTower):
            vision.model = _Clip(vision.config, vision.model).eval()
        encoder: Any = specialist.ser_connector.encoder if connector else None
        if encoder:
            encoder.bert = _Bert(encoder, specialist.config).eval()
        if int8:
            self.language = _int8(self.language)
            for one in [specialist, vision]:
                for name, part in one.named_children():
                    setattr(one, name, part if part is specialist.language_model else _int8(part))

    def to(self, device: str) -> None:
        """Move the networks to a device."""
        parts: list[Any] = [self._specialist, self._specialist.vision, self.language]
        for one in parts:
            one.to(device)

    @torch.inference_mode()
    def caption(self, image: np.ndarray, passes: int, tokens: int) -> str:
        """Caption an image (height, width, 3) with this many tokens."""
        specialist, vision = self._specialist, self._specialist.config.vision
        images = [image]
        if specialist.config.words and specialist.config.words.crops:
            images += crops(image)
        squares = [fit_square(one, vision.image_size, vision.fit) for one in images]
        pixels = to_pixels(squares).to(specialist.device)
        with self._watch("vision"):
            levels = specialist.encode(pixels)
        first = tuple(level[:1] for level in levels)
        words = None
        if specialist.config.words:
            with self._watch("words"):
                views = [tuple(lev[n : n + 1] for lev in levels) for n in range(len(images))]
                (found,) = specialist.detect(views)
                words = pad([word_ids(self._tokenizer, found.words)], specialist.device)
        said = self._generate(specialist.prompt(specialist.glance(first), words=words), tokens)
        if passes > 1:
            with self._watch("connector"):
                initial = torch.tensor([said], device=specialist.device)
                prompt = specialist.prompt(specialist.refine(first, initial), initial, words=words)
            with self._watch("second pass"):
                said = self._generate(prompt, tokens)
        return str(self._tokenizer.decode(said))

    def _generate(self, prompt: Prompt, tokens: int) -> list[int]:
        return generate(self.language, prompt.embeddings, tokens)


def generate(language: Any, embeddings: Tensor, tokens: int) -> list[int]:
    """Greedy `generate` of transformers after embeddings (1, length, width), without an end."""
    made = language.generate(
        inputs_embeds=embeddings,
        attention_mask=torch.ones(embeddings.shape[:2], dtype=torch.long, device=embeddings.device),
        max_new_tokens=tokens,
        min_new_tokens=tokens,
        do_sample=False,
    )
    ids: Sequence[int] = made[0].tolist()
    return list(ids)


def reference_language(model: LanguageModel) -> PreTrainedModel:
    """A language model of transformers with the weights of ours."""
    config = AutoConfig.for_model(model.kind, **model.architecture)
    whole: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    whole.load_state_dict(model.state_dict())
    return whole.eval()


class _Bert(nn.Module):
    def __init__(self, encoder: JointEncoder, config: SpecialistConfig) -> None:
        super().__init__()
        assert config.ser_connector and config.ser_connector.architecture is not None
        architecture = BertConfig(
            vocab_size=1,
            max_position_embeddings=encoder.tokens + config.max_caption_tokens,
            **config.ser_connector.architecture,
        )
        self._model = BertModel(architecture, add_pooling_layer=False)
        self._model.load_state_dict(encoder.bert.state_dict())

    def forward(self, states: Tensor, types: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `encoder.Bert`."""
        read = self._model(inputs_embeds=states, token_type_ids=types, attention_mask=mask)
        return read.last_hidden_state


class _Clip(nn.Module):
    def __init__(self, config: VisionConfig, ours: nn.Module) -> None:
        super().__init__()
        architecture = CLIPVisionConfig(image_size=config.image_size, **config.architecture)
        self._model = CLIPVisionModel(architecture)
        self._model.load_state_dict(ours.state_dict(), strict=False)

    def forward(self, pixels: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """See `encoder.ClipVision`."""
        states = self._model(pixels, output_hidden_states=True).hidden_states
        return [states[layer] for layer in layers]


def _int8(model: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*deprecated")
        return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, torch.qint8)
