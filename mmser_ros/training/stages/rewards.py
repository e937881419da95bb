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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.attention import eager_attention
from mmser_ros.captioner.decoding.greedy import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_prompt import word_prompt
from mmser_ros.data.example import Example
from mmser_ros.training.batches import drop_channels
from mmser_ros.training.loop import Loss, Schedule, train, training_only
from mmser_ros.training.stages.policy_gradient import PolicyGradient, Sampling
from mmser_ros.training.stages.prompted import prompt_ids, target_ids
from mmser_ros.training.stages.truth_reward import CaptionRewards
from mmser_ros.training.tokens import mirror
from mmser_ros.training.words.features import ViewFeatures
from mmser_ros.training.words.noise import prompt_words
from mmser_ros.training.words.prompted_items import PromptedItem
from mmser_ros.training.words.views import TRAIN_VIEWS


@dataclass(frozen=True)
class RewardSchedule(Schedule):
    """How a model with words learns from the rewards of its samples.

    Attributes:
        pictures: set → how many of its pictures an epoch has at most; other sets: none.
        gain: what a word is worth that is there, see `CaptionRewards`.
        cost: what a word costs that is not.
        supervised_weight: weight of the loss on a human caption of the picture.
        samples: captions drawn for each picture.
        longest: tokens that a sample is cut after; default: those that a caption has at most.
        temperature: of the samples.
        keep: share of the visual tokens that a look sees.
        keep_channels: share of the features' channels.
        connector_rate: peak of the connector's learning rate; default: as the rest.
    """

    pictures: dict[str, int] | None = None
    gain: float = 0.1
    cost: float = 0.25
    supervised_weight: float = 0.1
    samples: int = 4
    longest: int | None = None
    temperature: float = 0.7
    keep: float = 1.0
    keep_channels: float = 1.0
    connector_rate: float | None = None


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
    items: Sequence[PromptedItem],
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
    device = specialist.device
    prompts = prompt_ids(tokenizer, [one.prompt for one in pictures])
    longest = schedule.longest or specialist.config.max_caption_tokens
    sampling = Sampling(schedule.samples, schedule.temperature, schedule.keep, longest)
    policy = PolicyGradient(specialist, tokenizer, rewards, sampling, compiled=schedule.compile)

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
