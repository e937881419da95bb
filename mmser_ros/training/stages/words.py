# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The word detector learns what is in pictures, and what it says of those it has not learned from.

Of its training pictures a detector knows too much for a language model to learn how far to trust
it. So each picture gets the odds of a detector that was trained on the other folds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from mmser_ros.captioner.config import WordsConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import WordDetector, combine
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.loop import Loss, Schedule, TrainingError, train
from mmser_ros.training.progress_log import say
from mmser_ros.training.words.features import ViewFeatures
from mmser_ros.training.words.targets import WordTargets
from mmser_ros.training.words.views import CROPS, LEARNED

AT_ONCE = 256
"""Pictures whose odds are computed at once."""
SAMPLE = 3
"""One of so many pictures tells what features are usual."""
EVERY_FOLD = -1
"""The fold of pictures that every detector learns from."""


@checked(TrainingError)
class WordSchedule(Schedule):
    """How a word detector is trained.

    Attributes:
        hidden_size: of its hidden layer.
        crops: see `WordsConfig`.
        folds: how many detectors tell of pictures that they have not learned from.
        blanks: how many pictures without content it learns from, and as many dim ones.
        precision: of the vision tower, see `word_features.view_encoder`; `compile` is for it.
    """

    hidden_size: PositiveInt = 1024
    crops: Literal[0, 5] = 5
    folds: PositiveInt = 4
    blanks: NonNegativeInt = 1200
    precision: str = "float32"

    def config(self, names: Sequence[str]) -> WordsConfig:
        """The configuration of the detector of these words."""
        return WordsConfig(tuple(names), self.hidden_size, self.crops)


@dataclass(frozen=True)
class WordLessons:
    """What word detectors learn from.

    Attributes:
        features: of all pictures; those in `folds` come first.
        targets: of the pictures, in the order of the features.
        folds: (pictures,), the fold of each; EVERY_FOLD: no odds are wanted of it.
    """

    features: ViewFeatures
    targets: WordTargets
    folds: np.ndarray

    def known(self, *, without: int | None = None) -> np.ndarray:
        """Numbers of the pictures to learn from: readable, with targets, not of this fold."""
        usable = self.features.readable & self.targets.weight.any(1)
        return np.flatnonzero(usable if without is None else usable & (self.folds != without))


def train_words(
    specialist: Specialist, lessons: WordLessons, schedule: WordSchedule, folder: Path
) -> None:
    """Train the detector of a specialist on all pictures; an item is a picture's view.

    Raises:
        TrainingError: as `loop.train`.
    """
    config = specialist.config.words
    assert config
    detector = fit_detector(specialist, config, lessons, lessons.known(), schedule, folder, "words")
    specialist.word_detector.load_state_dict(detector.state_dict())


def odds_by_folds(
    specialist: Specialist,
    lessons: WordLessons,
    schedule: WordSchedule,
    folder: Path,
    progress: Progress,
) -> np.ndarray:
    """Log odds (pictures, words), float16, each by a detector that has not seen the picture.

    They are saved in `<folder>/word_odds.npz` and read from there the next time. A picture of
    EVERY_FOLD, or one that can't be read, has -inf.

    Raises:
        TrainingError: there are fewer than two folds, or as `loop.train`.
    """
    config = specialist.config.words
    assert config
    if schedule.folds < 2:  # noqa: PLR2004 - one to learn from, one to tell of
        msg = f"words: folds is {schedule.folds}; expected at least 2"
        raise TrainingError(msg)
    path = folder / "word_odds.npz"
    key = _key(config, lessons, schedule)
    if path.exists():
        with np.load(path) as saved:
            if str(saved["key"]) != key:
                msg = f"{path} is of other words, pictures or schedule; delete it or choose another"
                msg += " folder"
                raise TrainingError(msg)
            return saved["odds"]
    odds = np.full(lessons.targets.truth.shape, -np.inf, np.float16)
    readable = lessons.features.readable
    for fold in range(schedule.folds):
        name = f"words_fold{fold}"
        known = lessons.known(without=fold)
        detector = fit_detector(specialist, config, lessons, known, schedule, folder, name)
        wanted = np.flatnonzero(readable & (lessons.folds == fold))
        views = [0, *(CROPS if config.crops else ())]
        starts = range(0, len(wanted), AT_ONCE)
        for at in progress(starts, f"odds of fold {fold}", len(starts)):
            some = wanted[at : at + AT_ONCE].tolist()
            odds[some] = _odds(detector, lessons.features, some, views).half().cpu().numpy()
    if processes().is_main_process:
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            np.savez(file, odds=odds, key=np.array(key))
        os.replace(fresh, path)
    processes().wait_for_everyone()
    say(f"words of pictures not learned from: loss {_loss_of(odds, lessons.targets):.4f}")
    return odds


def fit_detector(
    specialist: Specialist,
    config: WordsConfig,
    lessons: WordLessons,
    known: np.ndarray,
    schedule: WordSchedule,
    folder: Path,
    name: str,
) -> WordDetector:
    """Train a new detector on the pictures of these numbers; `name` is its state's."""
    vision, device = specialist.vision, specialist.device
    torch.manual_seed(schedule.seed)
    detector = WordDetector(config, vision.channels, vision.classes).to(device)
    _begin(detector, lessons, known)
    truth, weight = lessons.targets.truth, lessons.targets.weight
    views = torch.tensor(LEARNED)

    def loss_of(batch: Sequence[int]) -> Loss:
        pictures = known[list(batch)]
        seen = views[torch.randint(len(views), (len(batch),))].tolist()
        features = lessons.features.pooled(pictures.tolist(), seen)
        with torch.autocast(device.type, torch.bfloat16):
            odds = detector(*features)
        wanted = torch.from_numpy(truth[pictures]).to(device).float()
        counts = torch.from_numpy(weight[pictures]).to(device).float()
        losses = binary_cross_entropy_with_logits(odds.float(), wanted, reduction="none")
        return (losses * counts).sum() / counts.sum(), float(counts.sum())

    train(name, detector, loss_of, len(known), schedule, folder)
    return detector


@torch.no_grad()
def _begin(detector: WordDetector, lessons: WordLessons, known: np.ndarray) -> None:
    """Let a detector take on what features are usual, and how frequent words are."""
    sample = known[::SAMPLE].tolist()
    pooled, classes = lessons.features.pooled(sample, [0] * len(sample))
    features = pooled if classes is None else torch.cat([pooled, classes], dim=1)
    detector.mean.copy_(features.mean(0))
    detector.deviation.copy_(features.std(0, correction=0) + 1e-2)  # some are always the same
    weight = lessons.targets.weight[known].astype(np.float32)
    said = (lessons.targets.truth[known] * weight).sum(0)
    shares = torch.from_numpy((said + 0.5) / (weight.sum(0) + 100.0))
    detector.answer.weight.mul_(0.1)
    detector.answer.bias.copy_(torch.logit(shares.clamp(1e-4, 0.9)))


@torch.no_grad()
def _odds(
    detector: WordDetector, features: ViewFeatures, pictures: Sequence[int], views: Sequence[int]
) -> Tensor:
    each = [detector(*features.pooled(pictures, [view] * len(pictures))).float() for view in views]
    return combine(torch.stack(each, dim=1))


def _key(config: WordsConfig, lessons: WordLessons, schedule: WordSchedule) -> str:
    digest = hashlib.sha256(json.dumps([config.names, vars(schedule)]).encode())
    for array in (lessons.targets.truth, lessons.targets.weight, lessons.folds):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _loss_of(odds: np.ndarray, targets: WordTargets) -> float:
    """The mean loss a word of odds that are known."""
    rows = np.flatnonzero(np.isfinite(odds).all(1))
    total = np.zeros(2)
    for at in range(0, len(rows), AT_ONCE):
        some = rows[at : at + AT_ONCE]
        weight = targets.weight[some].astype(np.float64)
        one = odds[some].astype(np.float64)
        losses = np.logaddexp(0, one) - one * targets.truth[some]
        total += [(losses * weight).sum(), weight.sum()]
    return float(total[0] / max(1.0, total[1]))
