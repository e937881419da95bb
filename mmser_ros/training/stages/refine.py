# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stage 2: the second look learns to say it better (paper, section 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.decoding.greedy import Prompt, pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import CaptionedFeatures, caption_ids, drop_channels, held_out
from mmser_ros.training.initial_captions import InitialCaptions, Kind
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.stages.glance import LABEL_SMOOTHING
from mmser_ros.training.tokens import lay_rows, read


@checked(TrainingError)
class RefineSchedule(Schedule):
    """How stage 2 is trained.

    Attributes:
        initial: kinds of initial captions, some of `initial_captions.Kind`, drawn evenly.
        language_model: whether the language model is trained too (the paper's way). So that the
            first pass stays what it was, it learns its own glances beside (sequence-level
            distillation, arXiv 1606.07947).
        keep_channels: share of the features' channels that a look sees, see `drop_channels`.
    """

    initial: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("planted",)
    language_model: bool = True
    keep_channels: Share = 1.0


class RefineLesson:
    """Second looks at pictures with initial captions, and what should have been said."""

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        pictures: CaptionedFeatures,
        initials: InitialCaptions,
        schedule: RefineSchedule,
    ) -> None:
        self._specialist, self._pictures, self._initials = specialist, pictures, initials
        self._kinds, self._rehearses = schedule.initial, schedule.language_model
        self._keep_channels = schedule.keep_channels
        self._plain = caption_ids(specialist, tokenizer, pictures.captions)
        self._turned = caption_ids(specialist, tokenizer, pictures.turned)
        self._forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist

    def captions(self) -> list[tuple[int, int]]:
        """Every (picture, caption) there is to learn."""
        known = self._plain[: self._pictures.known]
        return [(one, number) for one, some in enumerate(known) for number in range(len(some))]

    def __call__(self, chosen: Sequence[tuple[int, int]]) -> Tensor:
        """The loss of these (picture, caption), each in a random view with an initial caption."""
        said, seen = self._second_look(chosen, self._kinds)
        if not self._rehearses:
            return said
        views, levels = seen
        specialist = self._specialist
        longest = specialist.config.max_caption_tokens
        own = [
            [specialist.begin, *self._initials.own[view][picture], specialist.end][: longest + 1]
            for view, (picture, _) in zip(views, chosen, strict=True)
        ]
        with torch.autocast(specialist.device.type, torch.bfloat16):
            return said + self._cross_entropy(specialist.context(specialist.glance(levels)), own)

    def given(self, batch: Sequence[int]) -> Tensor:
        """The loss of a random caption of each of these pictures, with no glance of the model's.

        Beside rewards, which mind the model's own.
        """
        chosen = [(one, int(torch.randint(len(self._plain[one]), ()))) for one in batch]
        return self._second_look(chosen, [kind for kind in self._kinds if kind != "own"])[0]

    def _second_look(
        self, chosen: Sequence[tuple[int, int]], kinds: Sequence[str]
    ) -> tuple[Tensor, tuple[list[int], tuple[Tensor, ...]]]:
        specialist, pictures = self._specialist, self._pictures
        views = pictures.draw_views(len(chosen))
        random = np.random.default_rng(int(torch.randint(2**31, ())))
        initial = pad(self._initials.draw(views, chosen, kinds, random), specialist.device)
        levels = pictures.seen([picture for picture, _ in chosen], views)
        captions = [
            (self._turned if pictures.mirrored[view, picture] else self._plain)[picture][number]
            for view, (picture, number) in zip(views, chosen, strict=True)
        ]
        some = drop_channels(levels, self._keep_channels)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            context = specialist.context(specialist.refine(some, *initial), *initial)
            return self._cross_entropy(context, captions, LABEL_SMOOTHING), (views, levels)

    def _cross_entropy(
        self, context: Prompt, captions: Sequence[Sequence[int]], smoothing: float = 0.0
    ) -> Tensor:
        rows = lay_rows([[one] for one in captions], self._specialist.device)
        logits = read(self._forward, context, rows)
        targets = rows.targets.flatten()
        return cross_entropy(logits.flatten(0, 1).float(), targets, label_smoothing=smoothing)


def train_refine(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: RefineSchedule,
    folder: Path,
    lesson: RefineLesson,
) -> None:
    """Train the further passes: the SeR-connector, and the language model if asked.

    An item is a caption of a picture; a step sees one view of it, and an initial caption.
    """
    items = lesson.captions()

    def loss_of(batch: Sequence[int]) -> Loss:
        return lesson([items[index] for index in batch]), len(batch)

    def validate() -> dict[str, float]:
        return held_out(specialist, tokenizer, pictures, passes=2)

    trained: list[nn.Module] = [specialist.ser_connector]
    if schedule.language_model:
        trained.append(specialist.language_model)
    with training_only(specialist, *trained):
        train("refine", specialist, loss_of, len(items), schedule, folder, validate)
