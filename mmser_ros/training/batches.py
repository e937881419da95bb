# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training data of the stages: features and captions, with a part for validation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import dropout1d

from mmser_ros.captioner.decoding.greedy import greedy
from mmser_ros.captioner.decoding.prompt import Prompt, pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.evaluation.metrics import score
from mmser_ros.training.tokens import encode, mirror

Progress = Callable[[Iterable, str, int], Iterable]
BATCH = 50
"""Images per batch when captioning."""


@dataclass(frozen=True)
class CaptionedFeatures:
    """Features of images and their captions.

    Attributes:
        features: (views, images) → the levels of the vision tower, (batch, tokens, channels)
            each, float32, on the training device.
        captions: the captions of each image.
        mirrored: (views, images), True for mirrored views.
        holdout: number of images at the end that are for validation only.
    """

    features: Callable[[Sequence[int], Sequence[int]], tuple[Tensor, ...]]
    captions: Sequence[Sequence[str]]
    mirrored: np.ndarray
    holdout: int = 0

    @property
    def num_train(self) -> int:
        """Number of training images; they come first."""
        return len(self.captions) - self.holdout

    @property
    def views(self) -> int:
        """Number of views per image."""
        return len(self.mirrored)

    @property
    def mirrored_captions(self) -> list[list[str]]:
        """The captions for mirrored views: left and right are swapped."""
        return [list(map(mirror, some)) for some in self.captions]

    def levels(self, pictures: Sequence[int], views: Sequence[int]) -> tuple[Tensor, ...]:
        """Levels (batch, tokens, channels) of these views of these images, float32."""
        return self.features(views, pictures)

    def draw_views(self, count: int) -> list[int]:
        """Draw a random view for each of `count` images."""
        return torch.randint(self.views, (count,)).tolist()


def drop_channels(levels: Sequence[Tensor], kept: float) -> tuple[Tensor, ...]:
    """Channel dropout on levels (batch, tokens, channels), against overfitting.

    All tokens of an image keep the same channels (arXiv 1411.4280); kept values are scaled up.
    """
    return tuple(dropout1d(one.transpose(1, 2), 1 - kept).transpose(1, 2) for one in levels)


def draw_visual_tokens(batch: int, tokens: int, kept: float) -> Tensor:
    """Draw the visual tokens to keep: their indices (batch, kept tokens), ascending.

    PatchDropout, arXiv 2208.07220. `kept` is the share to keep.
    """
    count = max(1, round(kept * tokens))
    return torch.rand(batch, tokens).argsort(dim=1)[:, :count].sort(dim=1).values


def keep_visual_tokens(prompt: Prompt, tokens: int, kept: Tensor) -> Prompt:
    """Keep some of a prompt's visual tokens, which come first; positions do not change."""
    rest = torch.arange(tokens, prompt.embeddings.shape[1], device=kept.device)
    columns = torch.cat([kept, rest.expand(len(kept), -1)], dim=1)
    return Prompt(
        prompt.embeddings.take_along_dim(columns[:, :, None], dim=1),
        prompt.positions.take_along_dim(columns, dim=1),
        None if prompt.mask is None else prompt.mask.take_along_dim(columns, dim=1),
    )


def caption_ids(
    specialist: Specialist, tokenizer: Tokenizer, captions: Sequence[Sequence[str]]
) -> list[list[list[int]]]:
    """Token ids of each image's captions, from begin to end."""
    begin, end = specialist.begin, specialist.end
    longest = specialist.config.max_caption_tokens
    return [encode(tokenizer, one, begin=begin, end=end, longest=longest) for one in captions]


@torch.no_grad()
def caption_features(
    specialist: Specialist, levels: Sequence[Tensor], initial: Sequence[Sequence[int]] | None = None
) -> list[list[int]]:
    """Decode captions greedily: the first pass, or the refinement of initial captions.

    Token ids, given and returned, are without begin and end.
    """
    if initial is None:
        prompt = specialist.prompt(specialist.glance(tuple(levels)))
    else:
        prompt = specialist.refine_prompt([tuple(levels)], *pad(initial, specialist.device))
    longest = specialist.config.max_caption_tokens
    decoded = greedy(specialist.language_model, prompt, specialist.end, longest)
    return [one.tokens for one in decoded]


def score_holdout(
    specialist: Specialist, tokenizer: Tokenizer, pictures: CaptionedFeatures, passes: int = 1
) -> dict[str, float]:
    """CIDEr of each pass on the validation images, by name; {} if there are none."""
    if not pictures.holdout:
        return {}
    total = len(pictures.captions)
    answers: list[dict[str, str]] = [{} for _ in range(passes)]
    for at in range(pictures.num_train, total, BATCH):
        some = range(at, min(at + BATCH, total))
        levels = pictures.levels(some, [0] * len(some))
        tokens = None
        for answer in answers:
            tokens = caption_features(specialist, levels, tokens)
            texts = tokenizer.decode_batch(tokens)
            answer.update({str(picture): text for picture, text in zip(some, texts, strict=True)})
    references = {name: pictures.captions[int(name)] for name in answers[0]}
    return {
        f"held-out CIDEr of pass {number}": score(answer, references)["CIDEr"]
        for number, answer in enumerate(answers, start=1)
    }
