# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""After the glance of a model with words: sampled captions learn from what they are worth.

Self-critical sequence training (arXiv 1612.00563) with rewards for true words beside agreement, see
`caption_rewards`; the baseline of a sample is the mean of its picture's other samples.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.attention import eager_attention
from mmser_ros.captioner.decoding.greedy import Padded, pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_prompt import word_prompt
from mmser_ros.core.validation import checked
from mmser_ros.data.example import Example
from mmser_ros.training.batches import draw_looks, drop_channels, thin
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.progress_log import say
from mmser_ros.training.stages.cider_reward import sample
from mmser_ros.training.stages.prompted import prompt_ids, told_ids
from mmser_ros.training.stages.truth_reward import CaptionRewards
from mmser_ros.training.tokens import lay_rows, mirror
from mmser_ros.training.words.features import ViewFeatures
from mmser_ros.training.words.noise import prompt_words
from mmser_ros.training.words.prompted_items import ToldItem
from mmser_ros.training.words.views import LEARNED

TOLD = 960
"""Pictures between two lines of the log."""


@checked(TrainingError)
class RewardSchedule(Schedule):
    """How a model with words learns from the rewards of its samples.

    Attributes:
        pictures: set → how many of its pictures an epoch has at most; other sets: none.
        gain: what a word is worth that is there, see `CaptionRewards`.
        cost: what a word costs that is not.
        lesson: weight of the loss on a caption that the picture has.
        samples: captions drawn for each picture.
        longest: tokens that a sample is cut after; default: those that a caption has at most.
        temperature: of the samples.
        keep: share of the visual tokens that a look sees.
        keep_channels: share of the features' channels.
        connector_rate: peak of the connector's learning rate; default: as the rest.
    """

    pictures: dict[str, NonNegativeInt] | None = None
    gain: NonNegativeFloat = 0.1
    cost: NonNegativeFloat = 0.25
    lesson: NonNegativeFloat = 0.1
    samples: PositiveInt = 4
    longest: PositiveInt | None = None
    temperature: PositiveFloat = 0.7
    keep: Share = 1.0
    keep_channels: Share = 1.0
    connector_rate: PositiveFloat | None = None


@dataclass(frozen=True)
class RewardedPicture:
    """A picture to caption.

    Attributes:
        number: its number among the features.
        prompt: its words, see `word_prompt`.
        captions: those that it has.
    """

    number: int
    prompt: str
    captions: tuple[str, ...]


def rewarded_pictures(
    names: Sequence[str],
    examples: Sequence[Example],
    probabilities: np.ndarray,
    items: Sequence[ToldItem],
    most: Mapping[str, int],
    *,
    seed: int,
) -> list[RewardedPicture]:
    """Pictures of the sets that are asked for, with all captions that they have.

    Args:
        names: words of the detector.
        examples: of the pictures, in the order of their numbers.
        probabilities: (pictures, words), as in `picture_items`.
        items: captions of pictures, those by rule among them.
        most: set → how many of its pictures at most, rather those that have captions.
        seed: of the choice.
    """
    captions: dict[int, list[str]] = {}
    for one in items:
        if one.picture is not None:
            captions.setdefault(one.picture, []).append(one.caption)
    draw = random.Random(seed)
    chosen: list[RewardedPicture] = []
    for name, count in most.items():
        known = [
            number
            for number, one in enumerate(examples)
            if one.set == name and probabilities[number].any()
        ]
        draw.shuffle(known)
        known.sort(key=lambda number: number not in captions)
        for number in known[:count]:
            prompt = word_prompt(prompt_words(names, probabilities[number]))
            some = tuple(dict.fromkeys(captions.get(number, ())))
            chosen.append(RewardedPicture(number, prompt, some))
    return chosen


def train_rewards(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: Sequence[RewardedPicture],
    rewards: CaptionRewards,
    features: ViewFeatures,
    schedule: RewardSchedule,
    folder: Path,
) -> None:
    """Go on from the glance with rewards; dropout is off.

    Args:
        specialist: trained so far.
        tokenizer: its vocabulary.
        pictures: what to caption.
        rewards: of captions, by the pictures' places in `pictures`.
        features: of all pictures.
        schedule: how.
        folder: of the state.

    Raises:
        TrainingError: as `loop.train`.
    """
    rewarder = _Rewarder(specialist, tokenizer, pictures, rewards, schedule)
    device = specialist.device

    def loss_of(batch: Sequence[int]) -> Loss:
        specialist.eval()
        rewarder.refresh()
        numbers = [pictures[index].number for index in batch]
        views = [LEARNED[one] for one in torch.randint(len(LEARNED), (len(batch),)).tolist()]
        mirrored = features.mirrored(numbers, views)
        level = features.glance(numbers, views)
        with torch.autocast(device.type, torch.bfloat16):
            visual = specialist.glance(drop_channels((level,), schedule.keep_channels)).float()
        return rewarder(visual, list(batch), mirrored), len(batch)

    rate = schedule.connector_rate or schedule.learning_rate
    plain_products = eager_attention if device.type == "cpu" else nullcontext
    trained = (specialist.language_model, specialist.glance_connector)
    with training_only(specialist, *trained), plain_products(specialist.language_model.model):
        train(
            "rewards",
            specialist,
            loss_of,
            len(pictures),
            schedule,
            folder,
            faster={"glance_connector.": rate / schedule.learning_rate},
        )


class _Rewarder:
    """Draws captions, rewards them, and says how they should have been weighed."""

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        pictures: Sequence[RewardedPicture],
        rewards: CaptionRewards,
        schedule: RewardSchedule,
    ) -> None:
        self._specialist, self._tokenizer, self._schedule = specialist, tokenizer, schedule
        self._pictures, self._rewards = pictures, rewards
        self._forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
        self._prompts = prompt_ids(tokenizer, [one.prompt for one in pictures])
        # On a CPU half precision draws much faster, and its fused attention much slower.
        self._drawer = deepcopy(specialist.language_model).bfloat16().eval()
        self._drawer.model.set_attn_implementation("eager")
        self._seen: list[float] = []

    @torch.no_grad()
    def refresh(self) -> None:
        """Draw from the present weights from now on."""
        learning = self._specialist.language_model.parameters()
        for mine, theirs in zip(self._drawer.parameters(), learning, strict=True):
            mine.copy_(theirs)

    def __call__(self, visual: Tensor, batch: Sequence[int], mirrored: Sequence[bool]) -> Tensor:
        """The loss of samples for these pictures.

        Args:
            visual: (batch, tokens, width), visual tokens.
            batch: places of the pictures.
            mirrored: whether each view is.
        """
        specialist, schedule = self._specialist, self._schedule
        looks = draw_looks(len(batch), specialist.visual_tokens, schedule.keep).to(visual.device)
        words = pad([self._prompts[index] for index in batch], visual.device)
        drawn = self._draw(visual, words, looks)
        gains = np.stack(
            [
                self._advantages(some, index, turned)
                for some, index, turned in zip(drawn, batch, mirrored, strict=True)
            ]
        )
        rows = [[[specialist.begin, *one] for one in some] for some in drawn]
        lessons = np.zeros((len(batch), 1))
        if schedule.lesson:
            for row, index, turned in zip(range(len(batch)), batch, mirrored, strict=True):
                if given := self._given(index, turned):
                    rows[row].append(given)
                    lessons[row] = schedule.lesson
        laid = lay_rows(rows, specialist.device)
        context = thin(specialist.context(visual, words=words), visual.shape[1], looks)
        with torch.autocast(specialist.device.type, torch.bfloat16):
            logits = self._forward(
                context.embeddings,
                laid.tokens,
                laid.segments,
                laid.places,
                context.positions,
                context.mask,
                specialist.starts(len(batch), words),
            )
        drawing = (laid.segments < schedule.samples)[..., None]
        scaled = torch.where(drawing, logits.float() / schedule.temperature, logits.float())
        losses = cross_entropy(
            scaled.flatten(0, 1), laid.targets.flatten(), reduction="none"
        ).view_as(laid.targets)
        weights = torch.tensor(np.concatenate([gains, lessons], 1), dtype=torch.float32)
        weights = weights.to(losses.device).gather(1, laid.segments.clamp(min=0))
        return (weights * losses).sum() / laid.words

    @torch.no_grad()
    def _draw(self, visual: Tensor, words: Padded, looks: Tensor) -> list[list[list[int]]]:
        specialist, schedule = self._specialist, self._schedule
        longest = schedule.longest or specialist.config.max_caption_tokens
        prompt = thin(specialist.prompt(visual, words=words), visual.shape[1], looks)
        prompt = replace(prompt, embeddings=prompt.embeddings.bfloat16())
        count, end, temperature = schedule.samples, specialist.end, schedule.temperature
        flat = sample(self._drawer, prompt, count, end, longest, temperature)
        return [flat[at : at + count] for at in range(0, len(flat), count)]

    def _advantages(
        self, captions: Sequence[Sequence[int]], index: int, mirrored: bool
    ) -> np.ndarray:
        """How much higher each sample's reward is than the mean of the picture's other samples."""
        texts = self._tokenizer.decode_batch([list(caption) for caption in captions])
        rewards = np.array(
            [
                self._rewards(
                    text, index, mirrored=mirrored, ended=caption[-1] == self._specialist.end
                )
                for text, caption in zip(texts, captions, strict=True)
            ]
        )
        self._seen.append(float(rewards.mean()))
        if len(self._seen) >= TOLD:
            say(f"rewards: {np.mean(self._seen):.3f} a sample of the last {TOLD} pictures")
            self._seen.clear()
        return (rewards - rewards.mean()) * len(rewards) / (len(rewards) - 1)

    def _given(self, index: int, mirrored: bool) -> list[int] | None:
        """Token ids of one of a picture's captions, from begin to end; None: it has none."""
        captions = self._pictures[index].captions
        if not captions:
            return None
        chosen = captions[int(torch.randint(len(captions), ()))]
        said = mirror(chosen) if mirrored else chosen
        return told_ids(self._specialist, self._tokenizer, [said])[0]
