# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Before stage 1: train a randomly initialised language model on captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import caption_ids
from mmser_ros.training.loop import Loss, Schedule, train, training_only
from mmser_ros.training.tokens import pack_rows

ROW_TOKENS = 128


def train_language(
    specialist: Specialist,
    tokenizer: Tokenizer,
    captions: Sequence[str],
    schedule: Schedule,
    folder: Path,
) -> None:
    """Train the language model on captions, without images.

    Captions are packed into rows of about 128 tokens, at the positions that they have after visual
    tokens. A caption attends to itself only.
    """
    rows: list[list[list[int]]] = [[]]
    space = ROW_TOKENS
    for caption in caption_ids(specialist, tokenizer, [captions])[0]:
        if space < len(caption) - 1:
            rows.append([])
            space = ROW_TOKENS
        rows[-1].append(caption)
        space -= len(caption) - 1
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist

    def loss_of(batch: Sequence[int]) -> Loss:
        packed = pack_rows([rows[index] for index in batch], specialist.device)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            nothing = torch.zeros(len(batch), 0, specialist.width, device=specialist.device)
            logits = forward(nothing, packed.tokens, packed.segments, packed.positions)
        loss = cross_entropy(logits.flatten(0, 1).float(), packed.targets.flatten())
        return loss, packed.words

    with training_only(specialist, specialist.language_model):
        train("language", specialist, loss_of, len(rows), schedule, folder)
