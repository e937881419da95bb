# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stage 2: train the refinement pass (paper, section 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.decoding.prompt import Prompt, pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import CaptionedFeatures, caption_ids, drop_channels, score_holdout
from mmser_ros.training.initial_captions import InitialCaptions, Kind
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.stages.glance import LABEL_SMOOTHING
from mmser_ros.training.tokens import pack_rows, read


@checked(TrainingError)
class RefineSchedule(Schedule):
    """Schedule of stage 2.

    Attributes:
        initial: kinds of initial captions, some of `initial_captions.Kind`, drawn uniformly.
        language_model: whether to train the language model too (the paper's way). It then also
            learns its own glances, so that the first pass stays the same (sequence-level
            distillation, arXiv 1606.07947).
        keep_channels: share of the features' channels that a pass reads, see `drop_channels`.
    """

    initial: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("planted",)
    language_model: bool = True
    keep_channels: Share = 1.0


class RefineLoss:
    """The loss of refining initial captions to human captions."""

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        pictures: CaptionedFeatures,
        initials: InitialCaptions,
        schedule: RefineSchedule,
    ) -> None:
        self._specialist, self._pictures, self._initials = specialist, pictures, initials
        self._kinds, self._distils = schedule.initial, schedule.language_model
        self._keep_channels = schedule.keep_channels
        self._ids = caption_ids(specialist, tokenizer, pictures.captions)
        self._mirrored_ids = caption_ids(specialist, tokenizer, pictures.mirrored_captions)
        self._forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist

    def items(self) -> list[tuple[int, int]]:
        """All training items: (image, caption)."""
        train = self._ids[: self._pictures.num_train]
        return [(one, number) for one, some in enumerate(train) for number in range(len(some))]

    def __call__(self, chosen: Sequence[tuple[int, int]]) -> Tensor:
        """The loss of these (image, caption), each with a random view and initial caption."""
        loss, inputs = self._refinement(chosen, self._kinds)
        if not self._distils:
            return loss
        views, levels = inputs
        specialist = self._specialist
        longest = specialist.config.max_caption_tokens
        own = [
            [specialist.begin, *self._initials.own[view][picture], specialist.end][: longest + 1]
            for view, (picture, _) in zip(views, chosen, strict=True)
        ]
        with torch.autocast(specialist.device.type, torch.bfloat16):
            return loss + self._cross_entropy(specialist.context(specialist.glance(levels)), own)

    def supervised(self, batch: Sequence[int]) -> Tensor:
        """The loss of a random caption of each image, without own glances as initial captions.

        It is for self-critical training, whose rewards refine the model's own glances.
        """
        chosen = [(one, int(torch.randint(len(self._ids[one]), ()))) for one in batch]
        return self._refinement(chosen, [kind for kind in self._kinds if kind != "own"])[0]

    def _refinement(
        self, chosen: Sequence[tuple[int, int]], kinds: Sequence[str]
    ) -> tuple[Tensor, tuple[list[int], tuple[Tensor, ...]]]:
        specialist, pictures = self._specialist, self._pictures
        views = pictures.draw_views(len(chosen))
        random = np.random.default_rng(int(torch.randint(2**31, ())))
        initial = pad(self._initials.draw(views, chosen, kinds, random), specialist.device)
        levels = pictures.levels([picture for picture, _ in chosen], views)
        captions = [
            (self._mirrored_ids if pictures.mirrored[view, picture] else self._ids)[picture][number]
            for view, (picture, number) in zip(views, chosen, strict=True)
        ]
        some = drop_channels(levels, self._keep_channels)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            context = specialist.context(specialist.refine(some, *initial), *initial)
            return self._cross_entropy(context, captions, LABEL_SMOOTHING), (views, levels)

    def _cross_entropy(
        self, context: Prompt, captions: Sequence[Sequence[int]], smoothing: float = 0.0
    ) -> Tensor:
        rows = pack_rows([[one] for one in captions], self._specialist.device)
        logits = read(self._forward, context, rows)
        targets = rows.targets.flatten()
        return cross_entropy(logits.flatten(0, 1).float(), targets, label_smoothing=smoothing)


def train_refine(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: RefineSchedule,
    folder: Path,
    loss: RefineLoss,
) -> None:
    """Train refinement: the SeR-connector, and the language model if the schedule says so.

    An item is a caption of an image; a step uses one view and one initial caption.
    """
    items = loss.items()

    def loss_of(batch: Sequence[int]) -> Loss:
        return loss([items[index] for index in batch]), len(batch)

    validate = partial(score_holdout, specialist, tokenizer, pictures, passes=2)
    trained: list[nn.Module] = [specialist.ser_connector]
    if schedule.language_model:
        trained.append(specialist.language_model)
    with training_only(specialist, *trained):
        train("refine", specialist, loss_of, len(items), schedule, folder, validate)
