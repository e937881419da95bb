# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The stages of training: language (text alone), glance (connector and language model)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    schedule: Schedule,
    folder: Path,
) -> None:
    """Stage 1: glance connector and language model learn to caption (paper, section 5.1).

    A step sees one view of each picture with all its captions.
    """
    plain = [_ids(specialist, tokenizer, some) for some in pictures.captions]
    turned = [_ids(specialist, tokenizer, list(map(mirror, some))) for some in pictures.captions]
    forward = torch.compile(specialist, dynamic=True) if schedule.compile else specialist
    known = len(plain) - pictures.holdout

    def look(
        model: Callable[..., Tensor], batch: Sequence[int], views: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        chosen = list(zip(views, batch, strict=True))
        seen = _seen(pictures, batch, views)
        laid = lay_rows([(turned if pictures.mirrored[v, p] else plain)[p] for v, p in chosen])
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(specialist.glance((seen,)), laid.tokens, laid.segments, laid.places)
        return logits.flatten(0, 1).float(), laid.targets.flatten()

    def loss_of(batch: Sequence[int]) -> Tensor:
        views = torch.randint(len(pictures.features), (len(batch),)).tolist()
        return cross_entropy(*look(forward, batch, views), label_smoothing=LABEL_SMOOTHING)

    def validate() -> str:
        size = schedule.batch_size
        batches = [range(at, at + size) for at in range(known, len(plain) - size + 1, size)]
        with torch.no_grad():
            losses = [cross_entropy(*look(specialist, b, [0] * size)).item() for b in batches]
        return f"held-out loss {np.mean(losses):.4f}" if losses else ""

    train("glance", specialist, loss_of, known, schedule, folder, validate)


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
    both = [ConsensusReward(plain[:known])]
    if pictures.mirrored.any():
        both.append(ConsensusReward([list(map(mirror, some)) for some in plain[:known]]))

    def loss_of(batch: Sequence[int]) -> Tensor:
        specialist.eval()
        views = torch.randint(len(pictures.features), (len(batch),)).tolist()
        with torch.autocast("cpu", torch.bfloat16):
            visual = specialist.glance((_seen(pictures, batch, views),)).float()
        drawn = sample(specialist, visual.detach(), SAMPLES)
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
            logits = specialist(visual, laid.tokens, laid.segments, laid.places)
        losses = cross_entropy(
            logits.flatten(0, 1).float(), laid.targets.flatten(), reduction="none"
        ).view_as(laid.targets)
        weights = torch.from_numpy(gains).float().gather(1, laid.segments.clamp(min=0))
        words = (laid.segments >= 0).sum()
        return (weights * losses).sum() / words

    def validate() -> str:
        answers = {}
        for at in range(known, len(plain), schedule.batch_size):
            some = range(at, min(at + schedule.batch_size, len(plain)))
            with torch.no_grad():
                visual = specialist.glance((_seen(pictures, some, [0] * len(some)),))
                decoded = greedy(
                    specialist.language_model,
                    specialist.prompt(visual),
                    specialist.end,
                    specialist.config.max_caption_tokens,
                )
            texts = tokenizer.decode_batch([one.tokens for one in decoded])
            answers.update({str(p): text for p, text in zip(some, texts, strict=True)})
        if not answers:
            return ""
        references = {name: plain[int(name)] for name in answers}
        return f"held-out CIDEr {score(answers, references)['CIDEr']:.4f}"

    train("consensus", specialist, loss_of, known, schedule, folder, validate)


def _seen(pictures: CaptionedFeatures, batch: Sequence[int], views: Sequence[int]) -> Tensor:
    chosen = zip(views, batch, strict=True)
    return torch.from_numpy(np.stack([pictures.features[v, p] for v, p in chosen])).float()


def _ids(specialist: Specialist, tokenizer: Tokenizer, captions: Sequence[str]) -> list[list[int]]:
    longest = specialist.config.max_caption_tokens
    return encode(tokenizer, captions, begin=specialist.begin, end=specialist.end, longest=longest)
