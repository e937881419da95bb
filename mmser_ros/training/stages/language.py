# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Before stage 1, where the language model starts at random: it learns to write captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import caption_ids
from mmser_ros.training.loop import Loss, Schedule, train, training_only
from mmser_ros.training.tokens import lay_rows

ROW_TOKENS = 128


def train_language(
    specialist: Specialist,
    tokenizer: Tokenizer,
    captions: Sequence[str],
    schedule: Schedule,
    folder: Path,
) -> None:
    """Teach the language model to write captions, without pictures.

    Captions are laid into rows of about 128 tokens at the positions they have after the visual
    tokens; each sees itself only.
    """
    rows: list[list[list[int]]] = [[]]
    room = ROW_TOKENS
    for caption in caption_ids(specialist, tokenizer, [captions])[0]:
        if room < len(caption) - 1:
            rows.append([])
            room = ROW_TOKENS
        rows[-1].append(caption)
        room -= len(caption) - 1
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist

    def loss_of(batch: Sequence[int]) -> Loss:
        laid = lay_rows([rows[index] for index in batch], specialist.device)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            nothing = torch.zeros(len(batch), 0, specialist.width, device=specialist.device)
            logits = forward(nothing, laid.tokens, laid.segments, laid.positions)
        loss = cross_entropy(logits.flatten(0, 1).float(), laid.targets.flatten())
        return loss, laid.words

    with training_only(specialist, specialist.language_model):
        train("language", specialist, loss_of, len(rows), schedule, folder)
