# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training of the word detector, and cross-validated odds for the training images.

A detector is too confident on its training images for a language model to learn how far to trust
it. So each image gets the odds of a detector that was trained on the other folds.
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

from mmser_ros.captioner.config import Probability, WordsConfig
from mmser_ros.captioner.model.object_tower import object_classes
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import WordDetector, build_word_detector, combine
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.loop import Loss, Schedule, TrainingError, train
from mmser_ros.training.progress_log import say
from mmser_ros.training.words.features import ViewFeatures
from mmser_ros.training.words.label_words import label_words
from mmser_ros.training.words.targets import WordTargets
from mmser_ros.training.words.views import CROPS, TRAIN_VIEWS

AT_ONCE = 256
"""Images per batch when odds are computed."""
SAMPLE = 3
"""Every third image is used for the statistics of features."""
TRUST = 0.7
"""At first, the factor of the log odds of the object tower's class for its word."""
EVERY_FOLD = -1
"""Fold of images that every detector is trained on."""


@checked(TrainingError)
class WordSchedule(Schedule):
    """Schedule of a word detector.

    Attributes:
        hidden_size: width of its hidden layer.
        crops: see `WordsConfig`.
        least_said: see `WordsConfig`.
        folds: number of folds, each with its own detector, for the cross-validated odds.
        blanks: number of training images without content, and of dim images.
        precision: precision of the vision tower, see `features.view_encoder`; `compile` too is
            for the tower.
    """

    hidden_size: PositiveInt = 1024
    crops: Literal[0, 5] = 5
    least_said: Probability = 0.0
    folds: PositiveInt = 4
    blanks: NonNegativeInt = 1200
    precision: str = "float32"

    def config(self, names: Sequence[str]) -> WordsConfig:
        """The configuration of a detector of these words."""
        return WordsConfig(tuple(names), self.hidden_size, self.crops, least_said=self.least_said)


@dataclass(frozen=True)
class DetectorData:
    """Training data of word detectors.

    Attributes:
        features: features of all images.
        targets: word targets of the images, in the same order.
        folds: (images,), the fold of each; EVERY_FOLD: it gets no odds.
    """

    features: ViewFeatures
    targets: WordTargets
    folds: np.ndarray

    def train_pictures(self, *, without: int | None = None) -> np.ndarray:
        """Numbers of training images: readable, with targets, not in fold `without`."""
        usable = self.features.readable & self.targets.weight.any(1)
        return np.flatnonzero(usable if without is None else usable & (self.folds != without))


def train_words(
    specialist: Specialist, data: DetectorData, schedule: WordSchedule, folder: Path
) -> None:
    """Train the detector of a specialist on all images; an item is an image's view.

    Raises:
        TrainingError: as in `loop.train`.
    """
    detector = fit_detector(specialist, data, data.train_pictures(), schedule, folder, "words")
    specialist.word_detector.load_state_dict(detector.state_dict())


def odds_by_folds(
    specialist: Specialist,
    data: DetectorData,
    schedule: WordSchedule,
    folder: Path,
    progress: Progress,
) -> np.ndarray:
    """Log odds (images, words), float16, each by a detector not trained on the image.

    They are saved in `<folder>/word_odds.npz` and read from there the next time. An image of
    EVERY_FOLD, or one that can't be read, has -inf.

    Raises:
        TrainingError: there are fewer than two folds, or as in `loop.train`.
    """
    config = specialist.config.words
    assert config
    if schedule.folds < 2:  # noqa: PLR2004 - one to learn from, one to tell of
        msg = f"words: folds is {schedule.folds}; expected at least 2"
        raise TrainingError(msg)
    path = folder / "word_odds.npz"
    key = _key(config, data, schedule)
    if path.exists():
        with np.load(path) as saved:
            if str(saved["key"]) != key:
                msg = f"{path} is of other words, images or schedule; delete it or choose another"
                msg += " folder"
                raise TrainingError(msg)
            return saved["odds"]
    odds = np.full(data.targets.truth.shape, -np.inf, np.float16)
    readable = data.features.readable
    for fold in range(schedule.folds):
        name = f"words_fold{fold}"
        known = data.train_pictures(without=fold)
        detector = fit_detector(specialist, data, known, schedule, folder, name)
        wanted = np.flatnonzero(readable & (data.folds == fold))
        views = [0, *(CROPS if config.crops else ())]
        starts = range(0, len(wanted), AT_ONCE)
        for at in progress(starts, f"odds of fold {fold}", len(starts)):
            some = wanted[at : at + AT_ONCE].tolist()
            odds[some] = _odds(detector, data.features, some, views).half().cpu().numpy()
    if processes().is_main_process:
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            np.savez(file, odds=odds, key=np.array(key))
        os.replace(fresh, path)
    processes().wait_for_everyone()
    say(f"cross-validated words: loss {_loss_of(odds, data.targets):.4f}")
    return odds


@torch.no_grad()
def probabilities_of_prompts(
    specialist: Specialist, features: ViewFeatures, odds: np.ndarray
) -> np.ndarray:
    """What the robot's detector would give the prompt: learned words, and those of classes.

    Args:
        specialist: its detector adds the vision tower's classes, see `WordDetector.add_classes`.
        features: features of the pictures, and perhaps of more.
        odds: (pictures, words), see `odds_by_folds`.

    Returns:
        (pictures, len(WordDetector.names)) float32; 0 for pictures that can't be read.
    """
    detector = specialist.word_detector
    views = [0, *(CROPS if detector.config.crops else ())]
    found = np.zeros((len(odds), len(detector.names)), np.float32)
    readable = np.flatnonzero(np.isfinite(odds).all(1))
    for at in range(0, len(readable), AT_ONCE):
        some = readable[at : at + AT_ONCE]
        chances = torch.from_numpy(odds[some]).float().sigmoid().to(specialist.device)
        seen = [features.pooled(some.tolist(), [view] * len(some))[1] for view in views]
        classes = [one for one in seen if one is not None]
        if classes:
            chances = detector.add_classes(chances, torch.stack(classes, dim=1))
        found[some] = chances.cpu().numpy()
    return found


def fit_detector(
    specialist: Specialist,
    data: DetectorData,
    known: np.ndarray,
    schedule: WordSchedule,
    folder: Path,
    name: str,
) -> WordDetector:
    """Train a new detector on the images with these numbers; `name` names its state."""
    vision, device = specialist.vision, specialist.device
    torch.manual_seed(schedule.seed)
    detector = build_word_detector(specialist.config, vision).to(device)
    _initialise(detector, data, known)
    truth, weight = data.targets.truth, data.targets.weight
    views = torch.tensor(TRAIN_VIEWS)

    def loss_of(batch: Sequence[int]) -> Loss:
        pictures = known[list(batch)]
        seen = views[torch.randint(len(views), (len(batch),))].tolist()
        features = data.features.pooled(pictures.tolist(), seen)
        with torch.autocast(device.type, torch.bfloat16):
            odds = detector(*features)
        wanted = torch.from_numpy(truth[pictures]).to(device).float()
        counts = torch.from_numpy(weight[pictures]).to(device).float()
        losses = binary_cross_entropy_with_logits(odds.float(), wanted, reduction="none")
        return (losses * counts).sum() / counts.sum(), float(counts.sum())

    train(name, detector, loss_of, len(known), schedule, folder)
    return detector


@torch.no_grad()
def _initialise(detector: WordDetector, data: DetectorData, known: np.ndarray) -> None:
    """Set a detector's feature statistics, its biases by the frequency of words, and its trust."""
    sample = known[::SAMPLE].tolist()
    pooled, classes, objects = data.features.pooled(sample, [0] * len(sample))
    features = pooled if classes is None else torch.cat([pooled, classes], dim=1)
    detector.mean.copy_(features.mean(0))
    detector.deviation.copy_(features.std(0, correction=0) + 1e-2)  # some are constant
    weight = data.targets.weight[known].astype(np.float32)
    counts = (data.targets.truth[known] * weight).sum(0)
    shares = torch.from_numpy((counts + 0.5) / (weight.sum(0) + 100.0))
    detector.answer.weight.mul_(0.1)
    detector.answer.bias.copy_(torch.logit(shares.clamp(1e-4, 0.9)))
    if objects is not None:
        detector.object_mean.copy_(objects.mean(0))
        columns = {word: number for number, word in enumerate(detector.config.names)}
        for number, label in enumerate(object_classes()):
            word = label_words().of_class(label)
            if word in columns:
                detector.object_words[columns[word], number] = TRUST


@torch.no_grad()
def _odds(
    detector: WordDetector, features: ViewFeatures, pictures: Sequence[int], views: Sequence[int]
) -> Tensor:
    each = [detector(*features.pooled(pictures, [view] * len(pictures))).float() for view in views]
    return combine(torch.stack(each, dim=1))


def _key(config: WordsConfig, data: DetectorData, schedule: WordSchedule) -> str:
    digest = hashlib.sha256(json.dumps([config.names, vars(schedule)]).encode())
    for array in (data.targets.truth, data.targets.weight, data.folds):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _loss_of(odds: np.ndarray, targets: WordTargets) -> float:
    """The mean loss per word of the finite odds."""
    rows = np.flatnonzero(np.isfinite(odds).all(1))
    total = np.zeros(2)
    for at in range(0, len(rows), AT_ONCE):
        some = rows[at : at + AT_ONCE]
        weight = targets.weight[some].astype(np.float64)
        one = odds[some].astype(np.float64)
        losses = np.logaddexp(0, one) - one * targets.truth[some]
        total += [(losses * weight).sum(), weight.sum()]
    return float(total[0] / max(1.0, total[1]))
