# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Language models learn to write captions from words: of text alone, then of pictures too.

A sequence is [visual tokens ; words ; beginning of text ; caption]; the loss is the caption's. With
text alone there are no visual tokens, and words stand where they would after them. Mixed batches
would be mostly padding, so a batch has pictures or text alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveFloat
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.attention import eager_attention
from mmser_ros.captioner.decoding.greedy import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import draw_looks, drop_channels
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.tokens import lay_rows, mirror
from mmser_ros.training.words.features import ViewFeatures
from mmser_ros.training.words.prompted_items import ToldItem
from mmser_ros.training.words.views import LEARNED

TOGETHER = 32
"""Batches whose items are sorted by length."""


@checked(TrainingError)
class ToldSchedule(Schedule):
    """How a language model with words is trained.

    Attributes:
        lines: how many lines of text it learns from, with words of pictures that are like them.
        captions: set → how many captions of one picture it learns from; `others`: of other sets.
        keep: share of the visual tokens that a look sees, see `pictures.draw_looks`.
        keep_channels: share of the features' channels, see `pictures.drop_channels`.
        connector_rate: peak of the connector's learning rate; default: as the rest.
    """

    lines: NonNegativeInt = 0
    captions: dict[str, NonNegativeInt] | None = None
    keep: Share = 1.0
    keep_channels: Share = 1.0
    connector_rate: PositiveFloat | None = None


def train_told(
    name: str,
    specialist: Specialist,
    tokenizer: Tokenizer,
    items: Sequence[ToldItem],
    features: ViewFeatures | None,
    schedule: ToldSchedule,
    folder: Path,
) -> None:
    """Train the language model, and the glance connector where items have pictures.

    Args:
        name: the stage's.
        specialist: what to train.
        tokenizer: its vocabulary.
        items: what to learn from.
        features: of the pictures; None where no item has one.
        schedule: how.
        folder: of the state.

    Raises:
        TrainingError: there are too few items for a batch, or as `loop.train`.
    """
    prompts = prompt_ids(tokenizer, [one.prompt for one in items])
    plain = told_ids(specialist, tokenizer, [one.caption for one in items])
    turned = told_ids(specialist, tokenizer, [mirror(one.caption) for one in items])
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    device = specialist.device
    lengths = [len(prompt) + len(caption) for prompt, caption in zip(prompts, plain, strict=True)]
    _check_length(specialist, max(lengths))
    batches = Batches(items, lengths, schedule.batch_size, schedule.seed)

    def loss_of(batch: Sequence[int]) -> Loss:
        some = list(batch)
        words = pad([prompts[index] for index in some], device)
        shown = [
            number for number in (items[index].picture for index in some) if number is not None
        ]
        looks = torch.zeros(len(some), 0, dtype=torch.long, device=device)
        visual = torch.zeros(len(some), 0, specialist.width, device=device)
        flags = [False] * len(some)
        with torch.autocast(device.type, torch.bfloat16):
            if shown:
                assert features
                views = [LEARNED[one] for one in torch.randint(len(LEARNED), (len(some),)).tolist()]
                flags = features.mirrored(shown, views)
                looks = draw_looks(len(some), specialist.visual_tokens, schedule.keep).to(device)
                level = features.glance(shown, views).take_along_dim(looks[:, :, None], dim=1)
                visual = specialist.glance(drop_channels((level,), schedule.keep_channels))
            context = specialist.context(visual, words=words)
            positions = context.positions.clone()
            positions[:, : looks.shape[1]] = looks
            told = zip(flags, some, strict=True)
            laid = lay_rows([[(turned if flag else plain)[one]] for flag, one in told], device)
            logits = forward(
                context.embeddings,
                laid.tokens,
                laid.segments,
                laid.places,
                positions,
                context.mask,
                specialist.starts(len(some), words),
            )
        return cross_entropy(logits.flatten(0, 1).float(), laid.targets.flatten()), laid.words

    trained: list[nn.Module] = [specialist.language_model]
    if batches.of_pictures:
        trained.append(specialist.glance_connector)
    rate = schedule.connector_rate or schedule.learning_rate
    plain_products = eager_attention if device.type == "cpu" else nullcontext
    with training_only(specialist, *trained), plain_products(specialist.language_model.model):
        train(
            name,
            specialist,
            loss_of,
            len(batches),
            schedule,
            folder,
            order_of=batches.order,
            faster={"glance_connector.": rate / schedule.learning_rate},
        )


class Batches:
    """Items in batches of alike ones: with pictures or without, and of about the same length."""

    def __init__(
        self, items: Sequence[ToldItem], lengths: Sequence[int], size: int, seed: int
    ) -> None:
        """Take the items, their lengths in tokens, the size of a batch and the seed of the order.

        Raises:
            TrainingError: there are too few items of either kind for a batch.
        """
        shown = np.array([one.picture is not None for one in items])
        self._groups = [np.flatnonzero(shown), np.flatnonzero(~shown)]
        self._lengths = np.array(lengths)
        self._size = size
        self._seed = seed
        # What is left over of a group is another in each epoch.
        self._counts = [len(group) // size for group in self._groups]
        if not sum(self._counts):
            msg = f"batch_size is {size}; expected no more than the {int(shown.sum())} captions of "
            msg += f"pictures or the {int((~shown).sum())} lines of text to learn from"
            raise TrainingError(msg)
        self.order = lru_cache(maxsize=1)(self._order)

    @property
    def of_pictures(self) -> bool:
        """Whether any batch has pictures."""
        return self._counts[0] > 0

    def __len__(self) -> int:
        """How many items an epoch has."""
        return sum(self._counts) * self._size

    def _order(self, epoch: int) -> list[int]:
        draw = np.random.default_rng([self._seed, epoch])
        batches: list[np.ndarray] = []
        for group, count in zip(self._groups, self._counts, strict=True):
            shuffled = draw.permutation(group)[: count * self._size]
            for start in range(0, len(shuffled), self._size * TOGETHER):
                some = shuffled[start : start + self._size * TOGETHER]
                some = some[np.argsort(self._lengths[some], kind="stable")]
                batches += np.split(some, len(some) // self._size)
        return [int(one) for index in draw.permutation(len(batches)) for one in batches[index]]


def _check_length(specialist: Specialist, longest: int) -> None:
    """Refuse items of more tokens than the language model has positions for."""
    places = specialist.language_model.model.config.max_position_embeddings
    if specialist.visual_tokens + longest > places:
        msg = f"a prompt with its caption has {longest} tokens after {specialist.visual_tokens} "
        msg += f"visual ones; expected no more than {places} (max_position_embeddings) in all"
        raise TrainingError(msg)


def prompt_ids(tokenizer: Tokenizer, prompts: Sequence[str]) -> list[list[int]]:
    """Token ids of prompts of words."""
    encodings = tokenizer.encode_batch_fast(prompts, add_special_tokens=False)
    return [one.ids for one in encodings]


def told_ids(
    specialist: Specialist, tokenizer: Tokenizer, captions: Sequence[str]
) -> list[list[int]]:
    """Token ids from begin to end; a word that begins a caption is written as any other."""
    texts = [f" {one}" for one in captions]
    begin, end = specialist.begin, specialist.end
    longest = specialist.config.max_caption_tokens
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [[begin, *one.ids, end][: longest + 1] for one in encodings]
