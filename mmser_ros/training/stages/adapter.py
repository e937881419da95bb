# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training of how a model captions images of another domain: its connector and its adapter.

The model's other weights are frozen. An item is an image with some of its captions, which share
the visual tokens and the words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import PositiveInt
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.attention import eager_attention
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import fit_square
from mmser_ros.captioner.passes import to_pixels
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import draw_visual_tokens, keep_visual_tokens
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.stages.prompted import prompt_ids, target_ids
from mmser_ros.training.tokens import pack_rows, read


@checked(TrainingError)
class AdapterSchedule(Schedule):
    """Schedule of a domain's connector and adapter.

    Attributes:
        rank: see `DomainConfig`.
        captions: maximum number of captions of an image.
        keep: share of the visual tokens that a pass reads, see `batches.draw_visual_tokens`.
        precision: of the language model; `bfloat16` is slow on processors that don't have it.
    """

    rank: PositiveInt = 16
    captions: PositiveInt = 3
    keep: Share = 1.0
    precision: Literal["float32", "bfloat16"] = "float32"


@dataclass(frozen=True)
class DomainImage:
    """An image of a domain.

    Attributes:
        read: gives (height, width, 3) uint8.
        prompt: its word prompt, by a detector that was not trained on it.
        captions: human or true ones.
    """

    read: Callable[[], np.ndarray]
    prompt: str
    captions: Sequence[str]


def train_adapter(
    specialist: Specialist,
    tokenizer: Tokenizer,
    images: Sequence[DomainImage],
    schedule: AdapterSchedule,
    folder: Path,
) -> None:
    """Train the connector and the adapter of a specialist's domain.

    Raises:
        TrainingError: as in `loop.train`.
    """
    own, vision, device = specialist.domain_language, specialist.vision.config, specialist.device
    assert own
    start_as_glance(own.connector, specialist.glance_connector)
    prompts = prompt_ids(tokenizer, [one.prompt for one in images])
    targets = [
        target_ids(specialist, tokenizer, one.captions[: schedule.captions]) for one in images
    ]

    def loss_of(batch: Sequence[int]) -> Loss:
        pixels = [fit_square(images[one].read(), vision.image_size, vision.fit) for one in batch]
        levels = specialist.encode(to_pixels(pixels).to(device))
        kept = draw_visual_tokens(len(batch), specialist.visual_tokens, schedule.keep).to(device)
        words = pad([prompts[one] for one in batch], device)
        packed = pack_rows([targets[one] for one in batch], device)
        enabled = schedule.precision == "bfloat16"
        with torch.autocast(device.type, torch.bfloat16, enabled=enabled):
            context = specialist.context(specialist.glance(levels), words=words)
            context = keep_visual_tokens(context, specialist.visual_tokens, kept)
            logits = read(specialist, context, packed, specialist.starts(len(batch), words))
        return cross_entropy(logits.flatten(0, 1).float(), packed.targets.flatten()), packed.words

    attention = eager_attention if device.type == "cpu" else nullcontext
    with (
        training_only(specialist, own),
        attention(specialist.language_model.model),
        specialist.domain(),
    ):
        train("adapter", specialist, loss_of, len(images), schedule, folder)


@torch.no_grad()
def start_as_glance(connector: nn.Sequential, glance: nn.Sequential) -> None:
    """Give a connector of all levels the weights of one that reads the first level alone."""
    for name, value in connector.state_dict().items():
        known = glance.state_dict()[name]
        value.zero_()
        value[..., : known.shape[-1]] = known
