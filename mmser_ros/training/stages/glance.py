# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stages 0 and 1: glance connector, then language model too, learn to caption (paper, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from pydantic import PositiveInt
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import (
    CaptionedFeatures,
    caption_ids,
    draw_looks,
    drop_channels,
    held_out,
)
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.tokens import lay_rows

LABEL_SMOOTHING = 0.1


@checked(TrainingError)
class GlanceSchedule(Schedule):
    """How stages 0 and 1 are trained.

    Attributes:
        captions: how many captions of a picture share one look at it; fewer: more pictures a
            step for the same work.
        keep: share of the visual tokens that a look sees, see `draw_looks`: less work and less
            overfitting.
        keep_channels: share of the features' channels that a look sees, see `drop_channels`.
    """

    captions: PositiveInt = 1
    keep: Share = 1.0
    keep_channels: Share = 1.0


def train_glance(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: GlanceSchedule,
    folder: Path,
    *,
    connector_only: bool = False,
) -> None:
    """Train the first pass; with `connector_only` (stage 0) the language model stays as it is.

    An item is one view of a picture with some of its captions; an epoch has every caption once.
    """
    plain = caption_ids(specialist, tokenizer, pictures.captions)
    turned = caption_ids(specialist, tokenizer, pictures.turned)
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    items = [
        (picture, slice(start, start + schedule.captions))
        for picture, some in enumerate(plain[: pictures.known])
        for start in range(0, len(some), schedule.captions)
    ]
    tokens = specialist.visual_tokens

    def loss_of(batch: Sequence[int]) -> Loss:
        chosen = [items[index] for index in batch]
        views = pictures.draw_views(len(batch))
        rows = [
            (turned if pictures.mirrored[view, picture] else plain)[picture][captions]
            for view, (picture, captions) in zip(views, chosen, strict=True)
        ]
        laid = lay_rows(rows, specialist.device)
        looks = draw_looks(len(batch), tokens, schedule.keep).to(specialist.device)
        level = pictures.seen([picture for picture, _ in chosen], views)[0]
        level = level.take_along_dim(looks[:, :, None], dim=1)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            visual = specialist.glance(drop_channels((level,), schedule.keep_channels))
            logits = forward(visual, laid.tokens, laid.segments, laid.places, looks)
        loss = cross_entropy(
            logits.flatten(0, 1).float(), laid.targets.flatten(), label_smoothing=LABEL_SMOOTHING
        )
        return loss, laid.words

    def validate() -> dict[str, float]:
        return held_out(specialist, tokenizer, pictures)

    name = "connector" if connector_only else "glance"
    trained: list[nn.Module] = [specialist.glance_connector]
    if not connector_only:
        trained.append(specialist.language_model)
    with training_only(specialist, *trained):
        train(name, specialist, loss_of, len(items), schedule, folder, validate)
