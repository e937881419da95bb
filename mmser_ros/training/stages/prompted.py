# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training with word prompts, first on text only, then on images too.

A sequence is [visual tokens ; words ; beginning of text ; caption], and the loss is that of the
caption. Text-only items have no visual tokens, but the same positions. A batch has either images
or text only, because mixed batches would be mostly padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field, NonNegativeInt, PositiveFloat
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.attention import eager_attention
from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import draw_visual_tokens, drop_channels
from mmser_ros.training.loop import Loss, Schedule, Share, TrainingError, train, training_only
from mmser_ros.training.tokens import mirror, pack_rows, read
from mmser_ros.training.words.features import ViewFeatures
from mmser_ros.training.words.prompted_items import PromptedItem
from mmser_ros.training.words.views import TRAIN_VIEWS

TOGETHER = 32
"""Number of batches whose items are sorted by length together."""


@checked(TrainingError)
class PromptedSchedule(Schedule):
    """Schedule of a language model with word prompts.

    Attributes:
        lines: number of lines of text, with the words of similar images.
        captions: set → number of captions per image; `others`: that of other sets.
        bare: share of the batches of images without word prompts, so that the visual tokens have
            to be read.
        keep: share of the visual tokens that a pass reads, see `batches.draw_visual_tokens`.
        keep_channels: share of the features' channels, see `batches.drop_channels`.
        connector_rate: peak learning rate of the connector; default: that of the rest.
    """

    lines: NonNegativeInt = 0
    captions: dict[str, NonNegativeInt] | None = None
    bare: Annotated[float, Field(ge=0, lt=1)] = 0.0
    keep: Share = 1.0
    keep_channels: Share = 1.0
    connector_rate: PositiveFloat | None = None


def train_prompted(
    name: str,
    specialist: Specialist,
    tokenizer: Tokenizer,
    items: Sequence[PromptedItem],
    features: ViewFeatures | None,
    schedule: PromptedSchedule,
    folder: Path,
) -> None:
    """Train the language model, and the glance connector if items have images with `features`.

    Raises:
        TrainingError: there are too few items for a batch, or as in `loop.train`.
    """
    prompts = prompt_ids(tokenizer, [one.prompt for one in items])
    targets = target_ids(specialist, tokenizer, [one.caption for one in items])
    mirrored_targets = target_ids(specialist, tokenizer, [mirror(one.caption) for one in items])
    if schedule.compile:
        specialist.language_model.compile_layers()
    device = specialist.device
    lengths = [len(prompt) + len(caption) for prompt, caption in zip(prompts, targets, strict=True)]
    _check_length(specialist, max(lengths))
    batches = Batches(items, lengths, schedule.batch_size, schedule.seed)

    def loss_of(batch: Sequence[int]) -> Loss:
        some = list(batch)
        pictures = [one for index in some if (one := items[index].picture) is not None]
        bare = bool(pictures) and float(torch.rand(())) < schedule.bare
        words = pad([[] if bare else prompts[index] for index in some], device)
        kept = torch.zeros(len(some), 0, dtype=torch.long, device=device)
        visual = torch.zeros(len(some), 0, specialist.width, device=device)
        flags = [False] * len(some)
        with torch.autocast(device.type, torch.bfloat16):
            if pictures:
                assert features
                drawn = torch.randint(len(TRAIN_VIEWS), (len(some),)).tolist()
                views = [TRAIN_VIEWS[one] for one in drawn]
                flags = features.mirrored(pictures, views)
                kept = draw_visual_tokens(len(some), specialist.visual_tokens, schedule.keep)
                kept = kept.to(device)
                level = features.glance(pictures, views).take_along_dim(kept[:, :, None], dim=1)
                visual = specialist.glance(drop_channels((level,), schedule.keep_channels))
            context = specialist.context(visual, words=words)
            positions = context.positions.clone()
            positions[:, : kept.shape[1]] = kept
            pairs = zip(flags, some, strict=True)
            rows = [[(mirrored_targets if flag else targets)[one]] for flag, one in pairs]
            packed = pack_rows(rows, device)
            placed = replace(context, positions=positions)
            logits = read(specialist, placed, packed, specialist.starts(len(some), words))
        return cross_entropy(logits.flatten(0, 1).float(), packed.targets.flatten()), packed.words

    trained: list[nn.Module] = [specialist.language_model]
    if batches.of_pictures:
        trained.append(specialist.glance_connector)
    rate = schedule.connector_rate or schedule.learning_rate
    attention = eager_attention if device.type == "cpu" else nullcontext
    with training_only(specialist, *trained), attention(specialist.language_model.model):
        train(
            name,
            specialist,
            loss_of,
            len(batches),
            schedule,
            folder,
            order_of=batches.order,
            rate_factors={"glance_connector.": rate / schedule.learning_rate},
        )


class Batches:
    """Batches of similar items: with or without images, and of about the same length."""

    def __init__(
        self, items: Sequence[PromptedItem], lengths: Sequence[int], size: int, seed: int
    ) -> None:
        """Group items by kind and length in tokens; `size` is the batch size.

        Raises:
            TrainingError: neither kind has enough items for a batch.
        """
        with_picture = np.array([one.picture is not None for one in items])
        self._groups = [np.flatnonzero(with_picture), np.flatnonzero(~with_picture)]
        self._lengths = np.array(lengths)
        self._size = size
        self._seed = seed
        # Each epoch leaves out other items of an incomplete last batch.
        self._counts = [len(group) // size for group in self._groups]
        if not sum(self._counts):
            msg = f"batch_size is {size}; expected at most {int(with_picture.sum())}, the captions "
            msg += f"of images, or {int((~with_picture).sum())}, the lines of text"
            raise TrainingError(msg)
        self.order = lru_cache(maxsize=1)(self._order)

    @property
    def of_pictures(self) -> bool:
        """Whether any batch has images."""
        return self._counts[0] > 0

    def __len__(self) -> int:
        """Number of items per epoch."""
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
    """Raise TrainingError if items have more tokens than the model has positions."""
    positions = specialist.language_model.architecture["max_position_embeddings"]
    if specialist.visual_tokens + longest > positions:
        msg = f"a prompt with its caption has {longest} tokens after {specialist.visual_tokens} "
        msg += f"visual ones; expected no more than {positions} (max_position_embeddings) in all"
        raise TrainingError(msg)


def prompt_ids(tokenizer: Tokenizer, prompts: Sequence[str]) -> list[list[int]]:
    """Token ids of word prompts."""
    encodings = tokenizer.encode_batch_fast(prompts, add_special_tokens=False)
    return [one.ids for one in encodings]


def target_ids(
    specialist: Specialist, tokenizer: Tokenizer, captions: Sequence[str]
) -> list[list[int]]:
    """Token ids from begin to end; the first word has a leading space, as any other word."""
    texts = [f" {one}" for one in captions]
    begin, end = specialist.begin, specialist.end
    longest = specialist.config.max_caption_tokens
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [[begin, *one.ids, end][: longest + 1] for one in encodings]
