# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the stages train on: features with their captions, some of them held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import dropout1d

from mmser_ros.captioner.decoding.greedy import Prompt, greedy, pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.evaluation.metrics import score
from mmser_ros.training.tokens import encode, mirror

Progress = Callable[[Iterable, str, int], Iterable]
BATCH = 50
"""Pictures captioned at once."""


@dataclass(frozen=True)
class CaptionedFeatures:
    """Features of pictures and their captions.

    Attributes:
        features: views and pictures → each of the vision tower's levels of them, on the device
            of the training, (batch, tokens, channels), float32.
        captions: for each picture its captions.
        mirrored: (views, pictures), which views are mirrored.
        holdout: how many pictures at the end are for validation only.
    """

    features: Callable[[Sequence[int], Sequence[int]], tuple[Tensor, ...]]
    captions: Sequence[Sequence[str]]
    mirrored: np.ndarray
    holdout: int = 0

    @property
    def known(self) -> int:
        """How many pictures, from the first on, may be trained on."""
        return len(self.captions) - self.holdout

    @property
    def views(self) -> int:
        """How many views there are of each picture."""
        return len(self.mirrored)

    @property
    def turned(self) -> list[list[str]]:
        """The captions of the mirrored pictures."""
        return [list(map(mirror, some)) for some in self.captions]

    def seen(self, pictures: Sequence[int], views: Sequence[int]) -> tuple[Tensor, ...]:
        """The levels (batch, tokens, channels) of these views of these pictures, float32."""
        return self.features(views, pictures)

    def draw_views(self, count: int) -> list[int]:
        """A random view for each of so many pictures."""
        return torch.randint(self.views, (count,)).tolist()


def drop_channels(levels: Sequence[Tensor], kept: float) -> tuple[Tensor, ...]:
    """A random share of the channels of levels (batch, tokens, channels), made up for in size.

    A picture's tokens keep the same channels (arXiv 1411.4280), so that pictures are not so easily
    learned by heart.
    """
    return tuple(dropout1d(one.transpose(1, 2), 1 - kept).transpose(1, 2) for one in levels)


def draw_looks(batch: int, tokens: int, kept: float) -> Tensor:
    """A random share of so many visual tokens: their numbers (batch, kept tokens), ascending.

    PatchDropout, arXiv 2208.07220.
    """
    count = max(1, round(kept * tokens))
    return torch.rand(batch, tokens).argsort(dim=1)[:, :count].sort(dim=1).values


def thin(prompt: Prompt, tokens: int, looks: Tensor) -> Prompt:
    """Of a prompt's visual tokens, which come first, keep `looks`; each stays at its position."""
    rest = torch.arange(tokens, prompt.embeddings.shape[1], device=looks.device)
    columns = torch.cat([looks, rest.expand(len(looks), -1)], dim=1)
    return Prompt(
        prompt.embeddings.take_along_dim(columns[:, :, None], dim=1),
        prompt.positions.take_along_dim(columns, dim=1),
        None if prompt.mask is None else prompt.mask.take_along_dim(columns, dim=1),
    )


def caption_ids(
    specialist: Specialist, tokenizer: Tokenizer, captions: Sequence[Sequence[str]]
) -> list[list[list[int]]]:
    """Token ids of each picture's captions, from begin to end."""
    begin, end = specialist.begin, specialist.end
    longest = specialist.config.max_caption_tokens
    return [encode(tokenizer, one, begin=begin, end=end, longest=longest) for one in captions]


@torch.no_grad()
def look(
    specialist: Specialist, levels: Sequence[Tensor], initial: Sequence[Sequence[int]] | None = None
) -> list[list[int]]:
    """Caption features greedily: a glance, or a second look at an initial caption.

    Takes and gives token ids without begin and end.
    """
    if initial is None:
        prompt = specialist.prompt(specialist.glance(tuple(levels)))
    else:
        prompt = specialist.look_again([tuple(levels)], *pad(initial, specialist.device))
    longest = specialist.config.max_caption_tokens
    decoded = greedy(specialist.language_model, prompt, specialist.end, longest)
    return [one.tokens for one in decoded]


def held_out(
    specialist: Specialist, tokenizer: Tokenizer, pictures: CaptionedFeatures, passes: int = 1
) -> dict[str, float]:
    """Score captions of the pictures held out, by name of the measure and pass; {} if none are."""
    if not pictures.holdout:
        return {}
    total = len(pictures.captions)
    answers: list[dict[str, str]] = [{} for _ in range(passes)]
    for at in range(pictures.known, total, BATCH):
        some = range(at, min(at + BATCH, total))
        levels = pictures.seen(some, [0] * len(some))
        tokens = None
        for answer in answers:
            tokens = look(specialist, levels, tokens)
            texts = tokenizer.decode_batch(tokens)
            answer.update({str(picture): text for picture, text in zip(some, texts, strict=True)})
    references = {name: pictures.captions[int(name)] for name in answers[0]}
    return {
        f"held-out CIDEr of pass {number}": score(answer, references)["CIDEr"]
        for number, answer in enumerate(answers, start=1)
    }
