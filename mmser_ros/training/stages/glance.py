# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stages 0 and 1: train the glance connector, then the language model too (paper, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
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
    draw_visual_tokens,
    drop_channels,
    score_holdout,
)
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.tokens import pack_rows

LABEL_SMOOTHING = 0.1


@checked(TrainingError)
class GlanceSchedule(Schedule):
    """Schedule of stages 0 and 1.

    Attributes:
        captions: captions of an image that share one view of it. With fewer captions a step has
            more images, for the same work.
        keep: share of the visual tokens that a pass reads, see `draw_visual_tokens`. Lower values
            need less work, and overfit less.
        keep_channels: share of the features' channels that a pass reads, see `drop_channels`.
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
    """Train the first pass; with `connector_only` (stage 0) the language model is frozen.

    An item is one view of an image with some of its captions. An epoch has every caption once.
    """
    ids = caption_ids(specialist, tokenizer, pictures.captions)
    mirrored_ids = caption_ids(specialist, tokenizer, pictures.mirrored_captions)
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    items = [
        (picture, slice(start, start + schedule.captions))
        for picture, some in enumerate(ids[: pictures.num_train])
        for start in range(0, len(some), schedule.captions)
    ]
    tokens = specialist.visual_tokens

    def loss_of(batch: Sequence[int]) -> Loss:
        chosen = [items[index] for index in batch]
        views = pictures.draw_views(len(batch))
        rows = [
            (mirrored_ids if pictures.mirrored[view, picture] else ids)[picture][captions]
            for view, (picture, captions) in zip(views, chosen, strict=True)
        ]
        packed = pack_rows(rows, specialist.device)
        kept = draw_visual_tokens(len(batch), tokens, schedule.keep).to(specialist.device)
        level = pictures.levels([picture for picture, _ in chosen], views)[0]
        level = level.take_along_dim(kept[:, :, None], dim=1)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            visual = specialist.glance(drop_channels((level,), schedule.keep_channels))
            logits = forward(visual, packed.tokens, packed.segments, packed.positions, kept)
        loss = cross_entropy(
            logits.flatten(0, 1).float(), packed.targets.flatten(), label_smoothing=LABEL_SMOOTHING
        )
        return loss, packed.words

    validate = partial(score_holdout, specialist, tokenizer, pictures)
    name = "connector" if connector_only else "glance"
    trained: list[nn.Module] = [specialist.glance_connector]
    if not connector_only:
        trained.append(specialist.language_model)
    with training_only(specialist, *trained):
        train(name, specialist, loss_of, len(items), schedule, folder, validate)
