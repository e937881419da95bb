# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The stages of training: language (text alone), glance (connector and language model)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.decoding import greedy
from mmser_ros.captioner.specialist import Specialist
from mmser_ros.evaluation.metrics import score
from mmser_ros.training.consensus import ConsensusReward, advantages, sample
from mmser_ros.training.loop import Schedule, train
from mmser_ros.training.text import encode, lay_rows, mirror

LABEL_SMOOTHING = 0.1
ROW_TOKENS = 128
SAMPLES = 5
"""Captions drawn for each picture in consensus training."""


VALIDATED = 50
"""Pictures captioned at once for validation."""


@dataclass(frozen=True)
class GlanceSchedule(Schedule):
    """How stage 1 is trained.

    Attributes:
        captions: how many captions of a picture share one look at it; fewer: more pictures a
            step for the same work.
        keep: share of the visual tokens that a look sees, drawn at random (PatchDropout,
            arXiv 2208.07220): less work and less overfitting.
    """

    captions: int = 1
    keep: float = 1.0


@dataclass(frozen=True)
class CaptionedFeatures:
    """Cached features of pictures and their captions.

    Attributes:
        features: (views, pictures, tokens, channels) of the glance's level.
        captions: for each picture its captions.
        mirrored: (views, pictures), which views are mirrored.
        holdout: how many pictures at the end are for validation only.
    """

    features: np.ndarray
    captions: Sequence[Sequence[str]]
    mirrored: np.ndarray
    holdout: int = 0


def train_language(
    specialist: Specialist,
    tokenizer: Tokenizer,
    captions: Sequence[str],
    schedule: Schedule,
    folder: Path,
) -> None:
    """Teach the language model to write captions, without pictures.

    Captions are laid into rows of about 128 tokens at the positions they have after the visual
    tokens; each sees itself only.
    """
    rows: list[list[list[int]]] = [[]]
    room = ROW_TOKENS
    for caption in _ids(specialist, tokenizer, captions):
        if room < len(caption) - 1:
            rows.append([])
            room = ROW_TOKENS
        rows[-1].append(caption)
        room -= len(caption) - 1
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist

    def loss_of(batch: Sequence[int]) -> Tensor:
        laid = lay_rows([rows[index] for index in batch])
        with torch.autocast("cpu", torch.bfloat16):
            nothing = torch.zeros(len(batch), 0, specialist.width)
            logits = forward(nothing, laid.tokens, laid.segments, laid.places)
        return cross_entropy(logits.flatten(0, 1).float(), laid.targets.flatten())

    specialist.glance_connector.requires_grad_(False)
    train("language", specialist, loss_of, len(rows), schedule, folder)
    specialist.glance_connector.requires_grad_(True)


def train_glance(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: GlanceSchedule,
    folder: Path,
) -> None:
    """Stage 1: glance connector and language model learn to caption (paper, section 5.1).

    An item is one view of a picture with some of its captions; an epoch has every caption once.
    """
    plain = [_ids(specialist, tokenizer, some) for some in pictures.captions]
    turned = [_ids(specialist, tokenizer, list(map(mirror, some))) for some in pictures.captions]
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    known = len(plain) - pictures.holdout
    items = [
        (picture, slice(start, start + schedule.captions))
        for picture, some in enumerate(plain[:known])
        for start in range(0, len(some), schedule.captions)
    ]
    grid = specialist.visual_tokens
    kept = max(1, round(schedule.keep * grid))

    def loss_of(batch: Sequence[int]) -> Tensor:
        chosen = [items[index] for index in batch]
        some = [picture for picture, _ in chosen]
        views = torch.randint(len(pictures.features), (len(batch),)).tolist()
        rows = [
            (turned if pictures.mirrored[view, picture] else plain)[picture][captions]
            for view, (picture, captions) in zip(views, chosen, strict=True)
        ]
        laid = lay_rows(rows)
        looks = torch.rand(len(batch), grid).argsort(dim=1)[:, :kept].sort(dim=1).values
        seen = _seen(pictures, some, views).take_along_dim(looks[:, :, None], dim=1)
        with torch.autocast("cpu", torch.bfloat16):
            visual = specialist.glance((seen,))
            logits = forward(visual, laid.tokens, laid.segments, laid.places, looks)
        return cross_entropy(
            logits.flatten(0, 1).float(), laid.targets.flatten(), label_smoothing=LABEL_SMOOTHING
        )

    def validate() -> str:
        return _held_out(specialist, tokenizer, pictures)

    train("glance", specialist, loss_of, len(items), schedule, folder, validate)


def train_consensus(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: Schedule,
    folder: Path,
) -> None:
    """Go on from stage 1 with rewards: sampled captions learn from their CIDEr-D.

    A step samples captions of one view of each picture; better than the picture's other samples
    becomes likelier, worse less likely. Dropout is off.
    """
    plain = list(pictures.captions)
    known = len(plain) - pictures.holdout
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    drawer = deepcopy(specialist.language_model).bfloat16().eval()  # draws much faster on a CPU
    both = [ConsensusReward(plain[:known])]
    if pictures.mirrored.any():
        both.append(ConsensusReward([list(map(mirror, some)) for some in plain[:known]]))

    def loss_of(batch: Sequence[int]) -> Tensor:
        specialist.eval()
        views = torch.randint(len(pictures.features), (len(batch),)).tolist()
        with torch.autocast("cpu", torch.bfloat16):
            visual = specialist.glance((_seen(pictures, batch, views),)).float()
        with torch.no_grad():
            for mine, theirs in zip(
                drawer.parameters(), specialist.language_model.parameters(), strict=True
            ):
                mine.copy_(theirs)
            prompt = specialist.prompt(visual).bfloat16()
        longest = specialist.config.max_caption_tokens
        drawn = [
            [specialist.begin, *caption]
            for caption in sample(drawer, prompt, SAMPLES, specialist.end, longest)
        ]
        captions = [drawn[at : at + SAMPLES] for at in range(0, len(drawn), SAMPLES)]
        gains = np.stack(
            [
                advantages(
                    some,
                    picture,
                    both[int(pictures.mirrored[view, picture])],
                    tokenizer,
                    specialist.end,
                )
                for some, picture, view in zip(captions, batch, views, strict=True)
            ]
        )
        laid = lay_rows(captions)
        with torch.autocast("cpu", torch.bfloat16):
            logits = forward(visual, laid.tokens, laid.segments, laid.places)
        losses = cross_entropy(
            logits.flatten(0, 1).float(), laid.targets.flatten(), reduction="none"
        ).view_as(laid.targets)
        weights = torch.from_numpy(gains).float().gather(1, laid.segments.clamp(min=0))
        words = (laid.segments >= 0).sum()
        return (weights * losses).sum() / words

    def validate() -> str:
        return _held_out(specialist, tokenizer, pictures)

    train("consensus", specialist, loss_of, known, schedule, folder, validate)


@torch.no_grad()
def _held_out(specialist: Specialist, tokenizer: Tokenizer, pictures: CaptionedFeatures) -> str:
    """How well captions of the pictures kept for validation agree with people's."""
    total = len(pictures.captions)
    answers = {}
    for at in range(total - pictures.holdout, total, VALIDATED):
        some = range(at, min(at + VALIDATED, total))
        decoded = greedy(
            specialist.language_model,
            specialist.prompt(specialist.glance((_seen(pictures, some, [0] * len(some)),))),
            specialist.end,
            specialist.config.max_caption_tokens,
        )
        texts = tokenizer.decode_batch([one.tokens for one in decoded])
        answers.update({str(picture): text for picture, text in zip(some, texts, strict=True)})
    if not answers:
        return ""
    references = {name: pictures.captions[int(name)] for name in answers}
    return f"held-out CIDEr {score(answers, references)['CIDEr']:.4f}"


def _seen(pictures: CaptionedFeatures, batch: Sequence[int], views: Sequence[int]) -> Tensor:
    chosen = zip(views, batch, strict=True)
    return torch.from_numpy(np.stack([pictures.features[v, p] for v, p in chosen])).float()


def _ids(specialist: Specialist, tokenizer: Tokenizer, captions: Sequence[str]) -> list[list[int]]:
    longest = specialist.config.max_caption_tokens
    return encode(tokenizer, captions, begin=specialist.begin, end=specialist.end, longest=longest)
