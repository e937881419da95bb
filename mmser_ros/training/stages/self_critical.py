# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""After stage 1 or 2: self-critical training with CIDEr-D as the reward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from tokenizers import Tokenizer
from torch import Tensor, nn

from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import CaptionedFeatures, drop_channels, score_holdout
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.stages.cider_reward import CiderReward
from mmser_ros.training.stages.policy_gradient import PolicyGradient, Sampling

SAMPLES = 5
"""Samples per image."""


@checked(TrainingError)
class SelfCriticalSchedule(Schedule):
    """How a model is trained on the rewards of its samples.

    Attributes:
        passes: 1 rewards the glance, 2 the refinement pass too. The second pass refines a sampled
            glance: on training images the greedy one is better than it is on other images.
        supervised_weight: weight of the supervised loss (see `RefineLoss.supervised`), so that
            the refinement pass still corrects given captions.
        temperature: temperature of the samples. Label smoothing makes a model less confident: at
            temperature 1 its samples are mostly broken, and it learns only confidence from them.
        keep: share of the visual tokens that a pass reads, as in stage 1.
        keep_channels: share of the features' channels that a pass reads, see `drop_channels`.
    """

    passes: Literal[1, 2] = 1
    supervised_weight: NonNegativeFloat = 0.0
    temperature: PositiveFloat = 1.0
    keep: Share = 1.0
    keep_channels: Share = 1.0


def train_self_critical(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: SelfCriticalSchedule,
    folder: Path,
    supervised: Callable[[Sequence[int]], Tensor] | None = None,
    only: Sequence[nn.Module] = (),
) -> None:
    """Continue stage 1 or 2 with self-critical training (not in MM-SeR's paper).

    A step samples captions for one view of each image. Samples better than the image's other
    samples become more probable, worse ones less probable. Dropout is off.

    `supervised` gives the supervised loss of images by their indices. `only` are the parts that are
    trained (default: all); without the language model only the refinement pass is rewarded.
    """
    trains_glance = not only or specialist.language_model in only
    longest = specialist.config.max_caption_tokens
    sampling = Sampling(SAMPLES, schedule.temperature, schedule.keep, longest)
    policy = PolicyGradient(
        specialist, tokenizer, _CiderReward(pictures), sampling, compiled=schedule.compile
    )

    def loss_of(batch: Sequence[int]) -> Loss:
        specialist.eval()
        policy.refresh()
        views = pictures.draw_views(len(batch))
        levels = drop_channels(pictures.levels(batch, views), schedule.keep_channels)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            visual = specialist.glance(levels).float()
        loss = torch.zeros((), device=specialist.device)
        mirrored = [
            bool(pictures.mirrored[view, picture])
            for view, picture in zip(views, batch, strict=True)
        ]
        if trains_glance:
            loss, drawn = policy(visual, batch, mirrored)
        else:
            drawn = policy.sample(specialist.prompt(visual), 1)
        if schedule.passes > 1:
            firsts = [[word for word in some[0] if word != specialist.end] for some in drawn]
            initial = pad(firsts, specialist.device)
            with torch.autocast(specialist.device.type, torch.bfloat16):
                visual = specialist.refine(levels, *initial).float()
            loss = loss + policy(visual, batch, mirrored, initial=initial)[0]
        if supervised and schedule.supervised_weight:
            loss = loss + schedule.supervised_weight * supervised(batch)
        return loss, len(batch)

    validate = partial(score_holdout, specialist, tokenizer, pictures, schedule.passes)
    with training_only(specialist, *(only or [specialist])):
        train("consensus", specialist, loss_of, pictures.num_train, schedule, folder, validate)


class _CiderReward:
    """CIDEr-D against the captions of each image, or of its mirror image."""

    def __init__(self, pictures: CaptionedFeatures) -> None:
        self._rewards = [CiderReward(pictures.captions[: pictures.num_train])]
        if pictures.mirrored.any():
            self._rewards.append(CiderReward(pictures.mirrored_captions[: pictures.num_train]))

    def __call__(self, caption: str, picture: int, *, mirrored: bool, ended: bool) -> float:
        return self._rewards[mirrored](caption, picture, ended=ended)
