# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""After the glance of a model with words: self-critical training with rewards for true words.

The rewards are those of `truth_reward`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from tokenizers import Tokenizer

from mmser_ros.captioner.attention import eager_attention
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_prompt import word_prompt
from mmser_ros.core.validation import checked
from mmser_ros.data.example import Example
from mmser_ros.training.batches import drop_channels
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.stages.policy_gradient import PolicyGradient, Sampling
from mmser_ros.training.stages.prompted import prompt_ids, target_ids
from mmser_ros.training.stages.truth_reward import CaptionRewards
from mmser_ros.training.tokens import mirror
from mmser_ros.training.words.features import ViewFeatures
from mmser_ros.training.words.noise import prompt_words
from mmser_ros.training.words.prompted_items import PromptedItem, normalise
from mmser_ros.training.words.views import TRAIN_VIEWS


@checked(TrainingError)
class RewardSchedule(Schedule):
    """Schedule of self-critical training of a model with words.

    Attributes:
        pictures: set → maximum number of its pictures per epoch; other sets: none.
        gain: reward of a word that is in the picture, see `CaptionRewards`.
        label_gain: the same for pictures without human captions, by set; `others`: that of other
            sets. A word that is there with probability p pays if p is above
            cost / (label_gain + cost).
        cost: penalty of a word that is not, and of each repetition of a word.
        supervised_weight: weight of the loss on a human caption of the picture.
        samples: samples per picture.
        longest: maximum number of tokens of a sample; default: that of a caption.
        temperature: temperature of the samples.
        keep: share of the visual tokens that a pass reads.
        keep_channels: share of the features' channels that a pass reads.
        connector_rate: peak learning rate of the connector; default: that of the rest.
    """

    pictures: dict[str, NonNegativeInt] | None = None
    gain: NonNegativeFloat = 0.1
    label_gain: dict[str, NonNegativeFloat] = field(default_factory=lambda: {"others": 0.2})
    cost: NonNegativeFloat = 0.25
    supervised_weight: NonNegativeFloat = 0.1
    samples: PositiveInt = 4
    longest: PositiveInt | None = None
    temperature: PositiveFloat = 0.7
    keep: Share = 1.0
    keep_channels: Share = 1.0
    connector_rate: PositiveFloat | None = None

    def gain_of(self, of_set: str, *, captioned: bool) -> float:
        """Reward of a true word of a picture of a set, with or without human captions."""
        if captioned:
            return self.gain
        return self.label_gain.get(of_set, self.label_gain.get("others", self.gain))


@dataclass(frozen=True)
class RewardedPicture:
    """A picture for self-critical training.

    Attributes:
        number: its number in the features.
        prompt: its word prompt.
        captions: what the supervised loss may be on: human captions, or those made from labels.
        references: the human captions, for CIDEr-D.
    """

    number: int
    prompt: str
    captions: tuple[str, ...]
    references: tuple[str, ...]


def rewarded_pictures(
    names: Sequence[str],
    examples: Sequence[Example],
    probabilities: np.ndarray,
    items: Sequence[PromptedItem],
    most: Mapping[str, int],
    *,
    seed: int,
) -> list[RewardedPicture]:
    """Choose pictures of sets, with all their captions.

    Args:
        names: words of prompts, as in `picture_items`.
        examples: annotations of the pictures, in the order of their numbers.
        probabilities: (pictures, words), as in `picture_items`.
        items: captions of pictures, human ones and those made by rule.
        most: set → maximum number of its pictures; those with captions come first.
        seed: seed of the choice.
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
            human = tuple(map(normalise, examples[number].captions))
            chosen.append(RewardedPicture(number, prompt, some, human))
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
    """Continue the glance stage with self-critical training; dropout is off.

    Args:
        specialist: the model, trained so far.
        tokenizer: its vocabulary.
        pictures: the pictures.
        rewards: rewards of captions, by index in `pictures`.
        features: features of all pictures.
        schedule: the training schedule.
        folder: folder of the resumable state.

    Raises:
        TrainingError: as in `loop.train`.
    """
    device = specialist.device
    prompts = prompt_ids(tokenizer, [one.prompt for one in pictures])
    longest = schedule.longest or specialist.config.max_caption_tokens
    sampling = Sampling(schedule.samples, schedule.temperature, schedule.keep, longest)
    policy = PolicyGradient(specialist, tokenizer, rewards, sampling, compiled=False)
    if schedule.compile:
        specialist.language_model.compile_layers()

    def target(index: int, mirrored: bool) -> list[int] | None:
        captions = pictures[index].captions
        if not captions:
            return None
        chosen = captions[int(torch.randint(len(captions), ()))]
        return target_ids(specialist, tokenizer, [mirror(chosen) if mirrored else chosen])[0]

    def loss_of(batch: Sequence[int]) -> Loss:
        specialist.eval()
        policy.refresh()
        numbers = [pictures[index].number for index in batch]
        views = [
            TRAIN_VIEWS[one] for one in torch.randint(len(TRAIN_VIEWS), (len(batch),)).tolist()
        ]
        level = features.glance(numbers, views)
        with torch.autocast(device.type, torch.bfloat16):
            visual = specialist.glance(drop_channels((level,), schedule.keep_channels)).float()
        loss, _ = policy(
            visual,
            batch,
            features.mirrored(numbers, views),
            words=pad([prompts[index] for index in batch], device),
            target=target,
            target_weight=schedule.supervised_weight,
        )
        return loss, len(batch)

    rate = schedule.connector_rate or schedule.learning_rate
    attention = eager_attention if device.type == "cpu" else nullcontext
    trained = (specialist.language_model, specialist.glance_connector)
    with training_only(specialist, *trained), attention(specialist.language_model.model):
        train(
            "rewards",
            specialist,
            loss_of,
            len(pictures),
            schedule,
            folder,
            rate_factors={"glance_connector.": rate / schedule.learning_rate},
        )
