# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""After stage 2: train the concept detector on pooled features."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from spacy.lang.en.stop_words import STOP_WORDS
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mmser_ros.captioner.model.concept_detector import pool
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import BATCH, CaptionedFeatures, Progress
from mmser_ros.training.loop import Loss, Schedule, TrainingError, train


def train_concepts(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    schedule: Schedule,
    folder: Path,
    progress: Progress,
) -> None:
    """Train the concept detector; an item is an image, and a step uses one view of it.

    Its words are the most frequent words of captions with one token each, without stop words. The
    language model is not trained with it, because the detector overfits the training images.

    Raises:
        TrainingError: the captions have too few such words, or as in `loop.train`.
    """
    detector = specialist.ser_connector.concepts
    assert detector
    features = _pooled(specialist, pictures, progress)
    words = choose_words(tokenizer, pictures.captions[: pictures.num_train], detector.config.words)
    present = _present(list(words), pictures.captions).to(specialist.device)
    known = features[:, : pictures.num_train].flatten(0, 1)
    detector.initialise(
        torch.tensor(list(words.values())), present[: pictures.num_train].mean(0), known
    )

    def loss_of(batch: Sequence[int]) -> Loss:
        seen = features[pictures.draw_views(len(batch)), list(batch)]
        return binary_cross_entropy_with_logits(detector(seen), present[list(batch)]), len(batch)

    def validate() -> dict[str, float]:
        if not pictures.holdout:
            return {}
        with torch.no_grad():
            odds = detector(features[0, pictures.num_train :])
        loss = binary_cross_entropy_with_logits(odds, present[pictures.num_train :])
        return {"held-out loss": float(loss)}

    train("concepts", detector, loss_of, pictures.num_train, schedule, folder, validate)


def choose_words(
    tokenizer: Tokenizer, captions: Sequence[Sequence[str]], count: int
) -> dict[str, int]:
    """The words that the captions of the most images have, and their token ids.

    Raises:
        TrainingError: there are fewer than `count` words of one token each.
    """
    pictures = Counter(word for some in captions for word in _words(some) - STOP_WORDS)
    found: dict[str, int] = {}
    for word, _ in sorted(pictures.items(), key=lambda item: (-item[1], item[0])):
        ids = tokenizer.encode(f" {word}", add_special_tokens=False).ids
        if len(ids) == 1 and len(found) < count:
            found[word] = ids[0]
    if len(found) < count:
        msg = f"the captions have {len(found)} words of one token each; expected {count}: lower "
        msg += "the number (ser_connector: concepts: words)"
        raise TrainingError(msg)
    return found


def _words(captions: Sequence[str]) -> set[str]:
    return set(re.findall("[a-z]+", " ".join(captions).lower()))


def _present(words: Sequence[str], captions: Sequence[Sequence[str]]) -> Tensor:
    """Which words the captions of each image have, (images, words)."""
    rows = [_words(some) for some in captions]
    return torch.tensor([[word in row for word in words] for row in rows]).float()


@torch.no_grad()
def _pooled(specialist: Specialist, pictures: CaptionedFeatures, progress: Progress) -> Tensor:
    """Pooled features (views, images, features) of the levels that the SeR-connector reads."""
    total = len(pictures.captions)
    starts = [(view, at) for view in range(pictures.views) for at in range(0, total, BATCH)]
    rows = []
    for view, at in progress(starts, "pooling features", len(starts)):
        some = range(at, min(at + BATCH, total))
        rows.append(pool(specialist.select_levels(pictures.levels(some, [view] * len(some)))))
    return torch.cat(rows).unflatten(0, (pictures.views, total))
