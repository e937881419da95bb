# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stage 2: the second look learns to say it better (paper, section 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.decoding import pad
from mmser_ros.captioner.specialist import Specialist
from mmser_ros.training.initial_captions import KINDS, InitialCaptions
from mmser_ros.training.loop import Loss, Schedule, TrainingError, train, training_only
from mmser_ros.training.perturb import ErrorMaker
from mmser_ros.training.pictures import CaptionedFeatures, Progress, caption_ids, held_out
from mmser_ros.training.stage_glance import LABEL_SMOOTHING
from mmser_ros.training.text import lay_rows


@dataclass(frozen=True)
class RefineSchedule(Schedule):
    """How stage 2 is trained.

    Attributes:
        initial: kinds of initial captions, some of `initial_captions.KINDS`, drawn evenly.
        language_model: whether the language model is trained too (the paper's way); the first
            pass changes with it.
    """

    initial: tuple[str, ...] = ("planted",)
    language_model: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", tuple(self.initial))
        unknown = set(self.initial) - set(KINDS)
        if unknown or not self.initial:
            msg = f"initial captions {self.initial}: expected some of {', '.join(KINDS)}"
            raise TrainingError(msg)


def train_refine(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: RefineSchedule,
    folder: Path,
    maker: ErrorMaker,
    progress: Progress,
) -> None:
    """Train the further passes: the SeR-connector, and the language model if asked.

    An item is a caption of a picture; a step sees one view of it, and an initial caption.
    """
    plain = caption_ids(specialist, tokenizer, pictures.captions)
    turned = caption_ids(specialist, tokenizer, pictures.turned)
    initials = InitialCaptions(
        specialist, tokenizer, pictures, schedule.initial, maker, progress, schedule.seed
    )
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    items = [
        (picture, number)
        for picture, some in enumerate(plain[: pictures.known])
        for number in range(len(some))
    ]

    def loss_of(batch: Sequence[int]) -> Loss:
        chosen = [items[index] for index in batch]
        views = pictures.draw_views(len(batch))
        rows = [
            [(turned if pictures.mirrored[view, picture] else plain)[picture][number]]
            for view, (picture, number) in zip(views, chosen, strict=True)
        ]
        laid = lay_rows(rows, specialist.device)
        random = np.random.default_rng(int(torch.randint(2**31, ())))
        initial, mask = pad(initials.draw(views, chosen, random), specialist.device)
        levels = pictures.seen([picture for picture, _ in chosen], views)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            visual = specialist.refine(levels, initial, mask)
            context = specialist.context(visual, initial, mask)
            logits = forward(
                context.embeddings,
                laid.tokens,
                laid.segments,
                laid.places,
                context.positions,
                context.mask,
            )
        loss = cross_entropy(
            logits.flatten(0, 1).float(), laid.targets.flatten(), label_smoothing=LABEL_SMOOTHING
        )
        return loss, laid.words

    def validate() -> dict[str, float]:
        return held_out(specialist, tokenizer, pictures, passes=2)

    trained: list[nn.Module] = [specialist.ser_connector]
    if schedule.language_model:
        trained.append(specialist.language_model)
    with training_only(specialist, *trained):
        train("refine", specialist, loss_of, len(items), schedule, folder, validate)
