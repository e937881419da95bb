# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The word detector's own last layers of the vision tower are tuned, together with it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from pydantic import PositiveInt

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.passes import to_pixels
from mmser_ros.core.validation import checked
from mmser_ros.training.loop import Loss, Schedule, TrainingError, train
from mmser_ros.training.stages.words import WordLessons
from mmser_ros.training.words.features import Encode
from mmser_ros.training.words.views import random_view

READERS = 2
"""Threads that read pictures."""


@checked(TrainingError)
class TuningSchedule(Schedule):
    """How a word detector is tuned.

    Attributes:
        tuned_from: see `WordsConfig`.
    """

    tuned_from: PositiveInt = 11


def tune_words(
    specialist: Specialist,
    lessons: WordLessons,
    encode: Encode,
    schedule: TuningSchedule,
    folder: Path,
) -> None:
    """Train a detector that was trained on frozen features on, with layers of its own.

    An item is a picture; each time it is seen in another random view.

    Args:
        specialist: whose detector it is.
        lessons: what it learns from.
        encode: pixels → levels of the frozen tower.
        schedule: how.
        folder: of its state.

    Raises:
        TrainingError: as `loop.train`.
    """
    detector, device = specialist.word_detector, specialist.device
    known = lessons.known()

    def view(number: int, seed: int) -> np.ndarray:
        image = lessons.pictures.picture(number)
        return random_view(specialist.vision.config, image, seed)

    with ThreadPoolExecutor(READERS) as readers:

        def loss_of(batch: Sequence[int]) -> Loss:
            numbers = known[list(batch)]
            seeds = torch.randint(2**31, (len(batch),)).tolist()
            squares = list(readers.map(view, numbers.tolist(), seeds))
            levels = encode(to_pixels(squares).to(device))
            # copies, for what was made in inference mode can't be learned from
            copies = tuple(one.to(torch.float32, copy=True) for one in levels)
            return lessons.loss(detector(*specialist.word_features(copies)), numbers)

        train("tuned_words", detector, loss_of, len(known), schedule, folder)
