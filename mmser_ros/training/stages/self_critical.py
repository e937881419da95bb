# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""After stage 1 or 2: sampled captions learn from how far people's agree with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import NonNegativeFloat, PositiveFloat
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.decoding.greedy import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import CaptionedFeatures, draw_looks, drop_channels, held_out, thin
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.stages.cider_reward import ConsensusReward, advantages, sample
from mmser_ros.training.tokens import lay_rows, read

SAMPLES = 5
"""Captions drawn for each picture."""


@checked(TrainingError)
class ConsensusSchedule(Schedule):
    """How a model learns from the rewards of its samples.

    Attributes:
        passes: 1 rewards the glance, 2 the second look too; it looks again at a sampled glance,
            since on pictures trained on the likeliest one is better than it will ever be on others.
        lesson: weight of the loss on captions given (see `RefineLesson.given`), so that the second
            look goes on correcting them.
        temperature: of the samples. A model trained with smoothed labels is less sure than its
            captions are right; drawn at 1 they are mostly broken, and it would learn to be sure
            before it learns what of.
        keep: share of the visual tokens that a look sees, as in stage 1.
        keep_channels: share of the features' channels that it sees, see `drop_channels`.
    """

    passes: Literal[1, 2] = 1
    lesson: NonNegativeFloat = 0.0
    temperature: PositiveFloat = 1.0
    keep: Share = 1.0
    keep_channels: Share = 1.0


def train_consensus(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: ConsensusSchedule,
    folder: Path,
    lesson: Callable[[Sequence[int]], Tensor] | None = None,
    only: Sequence[nn.Module] = (),
) -> None:
    """Go on from stage 1 or 2 with rewards: sampled captions learn from their CIDEr-D.

    A step samples captions of one view of each picture; better than the picture's other samples
    becomes likelier, worse less likely. Dropout is off.

    Args:
        specialist: trained so far.
        tokenizer: its vocabulary.
        pictures: what to caption.
        schedule: how.
        folder: where the state lies.
        lesson: pictures → the loss that `schedule.lesson` weighs.
        only: the parts that learn; default: all. If the language model is none of them the glance
            stays what it is, and only the second look is rewarded.
    """
    glances = not only or specialist.language_model in only
    reward = _Rewarder(specialist, tokenizer, pictures, schedule)

    def loss_of(batch: Sequence[int]) -> Loss:
        specialist.eval()
        reward.refresh()
        views = pictures.draw_views(len(batch))
        levels = drop_channels(pictures.seen(batch, views), schedule.keep_channels)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            visual = specialist.glance(levels).float()
        loss = torch.zeros((), device=specialist.device)
        if glances:
            loss, drawn = reward(visual, None, batch, views)
        else:
            drawn = reward.draw(visual, None, 1)
        if schedule.passes > 1:
            firsts = [[word for word in some[0] if word != specialist.end] for some in drawn]
            initial = pad(firsts, specialist.device)
            with torch.autocast(specialist.device.type, torch.bfloat16):
                visual = specialist.refine(levels, *initial).float()
            loss = loss + reward(visual, initial, batch, views)[0]
        if lesson and schedule.lesson:
            loss = loss + schedule.lesson * lesson(batch)
        return loss, len(batch)

    def validate() -> dict[str, float]:
        return held_out(specialist, tokenizer, pictures, schedule.passes)

    with training_only(specialist, *(only or [specialist])):
        train("consensus", specialist, loss_of, pictures.known, schedule, folder, validate)


class _Rewarder:
    """Draws captions, rewards them, and says how they should have been weighed."""

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        pictures: CaptionedFeatures,
        schedule: ConsensusSchedule,
    ) -> None:
        self._temperature, self._keep = schedule.temperature, schedule.keep
        self._specialist, self._tokenizer, self._pictures = specialist, tokenizer, pictures
        self._forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
        # On a CPU half precision draws much faster, and its fused attention much slower.
        self._drawer = deepcopy(specialist.language_model).bfloat16().eval()
        self._drawer.model.set_attn_implementation("eager")
        self._rewards = [ConsensusReward(pictures.captions[: pictures.known])]
        if pictures.mirrored.any():
            self._rewards.append(ConsensusReward(pictures.turned[: pictures.known]))

    @torch.no_grad()
    def refresh(self) -> None:
        """Draw from the present weights from now on."""
        learning = self._specialist.language_model.parameters()
        for mine, theirs in zip(self._drawer.parameters(), learning, strict=True):
            mine.copy_(theirs)

    @torch.no_grad()
    def draw(
        self,
        visual: Tensor,
        initial: tuple[Tensor, Tensor | None] | None,
        samples: int,
        looks: Tensor | None = None,
    ) -> list[list[list[int]]]:
        """So many captions for each picture; see `__call__`, and `thin` for the looks."""
        specialist, longest = self._specialist, self._specialist.config.max_caption_tokens
        prompt = specialist.prompt(visual, *(initial or ()))
        prompt = prompt if looks is None else thin(prompt, visual.shape[1], looks)
        prompt = replace(prompt, embeddings=prompt.embeddings.bfloat16())
        flat = sample(self._drawer, prompt, samples, specialist.end, longest, self._temperature)
        return [flat[at : at + samples] for at in range(0, len(flat), samples)]

    def __call__(
        self,
        visual: Tensor,
        initial: tuple[Tensor, Tensor | None] | None,
        batch: Sequence[int],
        views: Sequence[int],
    ) -> tuple[Tensor, list[list[list[int]]]]:
        """The loss of samples for these pictures, and the samples of each.

        Args:
            visual: (batch, tokens, width), visual tokens.
            initial: ids and mask (batch, words) of the initial captions of a second look.
            batch: the pictures.
            views: the view of each.
        """
        specialist, end = self._specialist, self._specialist.end
        looks = draw_looks(len(batch), specialist.visual_tokens, self._keep).to(visual.device)
        drawn = self.draw(visual, initial, SAMPLES, looks)
        gains = np.stack(
            [
                advantages(
                    some,
                    picture,
                    self._rewards[int(self._pictures.mirrored[view, picture])],
                    self._tokenizer,
                    end,
                )
                for some, picture, view in zip(drawn, batch, views, strict=True)
            ]
        )
        rows = [[[specialist.begin, *one] for one in some] for some in drawn]
        laid = lay_rows(rows, specialist.device)
        context = thin(specialist.context(visual, *(initial or ())), visual.shape[1], looks)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            logits = read(self._forward, context, laid)
        losses = cross_entropy(
            logits.flatten(0, 1).float() / self._temperature,
            laid.targets.flatten(),
            reduction="none",
        ).view_as(laid.targets)
        weights = torch.tensor(gains, dtype=torch.float32, device=specialist.device)
        weights = weights.gather(1, laid.segments.clamp(min=0))
        return (weights * losses).sum() / laid.words, drawn
