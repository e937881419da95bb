# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""After stage 1 or 2: sampled captions learn from how far people's agree with them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.specialist import Specialist
from mmser_ros.training.consensus import ConsensusReward, advantages, sample
from mmser_ros.training.loop import Loss, Schedule, train
from mmser_ros.training.pictures import CaptionedFeatures, held_out
from mmser_ros.training.text import lay_rows

SAMPLES = 5
"""Captions drawn for each picture."""


def train_consensus(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: Schedule,
    folder: Path,
) -> None:
    """Go on from stage 1 with rewards: sampled captions learn from their CIDEr-D.

    A step samples captions of one view of each picture; better than the picture's other samples
    becomes likelier, worse less likely. Dropout is off.
    """
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    drawer = deepcopy(specialist.language_model).bfloat16().eval()  # draws much faster on a CPU
    known = pictures.known
    rewards = [ConsensusReward(pictures.captions[:known])]
    if pictures.mirrored.any():
        rewards.append(ConsensusReward(pictures.turned[:known]))
    longest = specialist.config.max_caption_tokens

    def loss_of(batch: Sequence[int]) -> Loss:
        specialist.eval()
        views = pictures.draw_views(len(batch))
        with torch.autocast(specialist.device.type, torch.bfloat16):
            visual = specialist.glance(pictures.seen(batch, views)).float()
        with torch.no_grad():
            pairs = zip(drawer.parameters(), specialist.language_model.parameters(), strict=True)
            for mine, theirs in pairs:
                mine.copy_(theirs)
            prompt = specialist.prompt(visual)
            prompt = replace(prompt, embeddings=prompt.embeddings.bfloat16())
        drawn = [
            [specialist.begin, *caption]
            for caption in sample(drawer, prompt, SAMPLES, specialist.end, longest)
        ]
        captions = [drawn[at : at + SAMPLES] for at in range(0, len(drawn), SAMPLES)]
        gains = np.stack(
            [
                advantages(
                    some,
                    picture,
                    rewards[int(pictures.mirrored[view, picture])],
                    tokenizer,
                    specialist.end,
                )
                for some, picture, view in zip(captions, batch, views, strict=True)
            ]
        )
        laid = lay_rows(captions, specialist.device)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            logits = forward(visual, laid.tokens, laid.segments, laid.places)
        losses = cross_entropy(
            logits.flatten(0, 1).float(), laid.targets.flatten(), reduction="none"
        ).view_as(laid.targets)
        weights = torch.tensor(gains, dtype=torch.float32, device=specialist.device)
        weights = weights.gather(1, laid.segments.clamp(min=0))
        return (weights * losses).sum() / laid.words, laid.words

    def validate() -> dict[str, float]:
        return held_out(specialist, tokenizer, pictures)

    train("consensus", specialist, loss_of, known, schedule, folder, validate)
