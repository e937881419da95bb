# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""After stage 2: train the proofreader to correct captions with errors."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmser_ros.captioner.decoding.prompt import pad
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.core.validation import checked
from mmser_ros.training.batches import BATCH, CaptionedFeatures
from mmser_ros.training.initial_captions import InitialCaptions
from mmser_ros.training.loop import Loss, Schedule, TrainingError, train

Error = Literal["planted", "guessed"]
"""Kinds of initial captions with errors."""
IGNORED = -100
"""Target of a position that the loss ignores."""


@checked(TrainingError)
class ProofreadSchedule(Schedule):
    """Schedule of the proofreader.

    Attributes:
        initial: kinds of initial captions with errors, drawn uniformly.
    """

    initial: Annotated[tuple[Error, ...], Field(min_length=1)] = ("planted", "guessed")


def train_proofreader(
    specialist: Specialist,
    pictures: CaptionedFeatures,
    initials: InitialCaptions,
    schedule: ProofreadSchedule,
    folder: Path,
) -> None:
    """Train the proofreader; an item is a caption of an image, and a step adds errors to it.

    The language model is not trained with it, because it overfits the training captions.

    Raises:
        TrainingError: as in `loop.train`.
    """
    proofreader = specialist.ser_connector.proofreader
    assert proofreader
    forward = torch.compile(proofreader, dynamic=True) if schedule.compile else proofreader

    def read(
        chosen: Sequence[tuple[int, int]],
        views: Sequence[int],
        kinds: Sequence[str],
        random: np.random.Generator,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, token ids of the captions with errors, and targets."""
        planted = initials.draw(views, chosen, kinds, random)
        truths = initials.draw(views, chosen, ("truth",), random)
        tokens, mask = pad(planted, specialist.device)
        corrections = map(correct, planted, truths)
        targets = [[*row, *[IGNORED] * (tokens.shape[1] - len(row))] for row in corrections]
        seen = pictures.levels([picture for picture, _ in chosen], views)
        levels = specialist.select_levels(seen)
        embeddings = specialist.language_model.embeddings.detach()
        with torch.autocast(specialist.device.type, torch.bfloat16):
            logits = forward(levels, tokens, embeddings, mask)
        return logits.float(), tokens, torch.tensor(targets, device=tokens.device)

    items = [
        (one, n) for one in range(pictures.num_train) for n in range(len(pictures.captions[one]))
    ]

    def loss_of(batch: Sequence[int]) -> Loss:
        random = np.random.default_rng(int(torch.randint(2**31, ())))
        views = pictures.draw_views(len(batch))
        chosen = [items[index] for index in batch]
        logits, _, targets = read(chosen, views, schedule.initial, random)
        loss = cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
        return loss, float((targets != IGNORED).sum())

    @torch.no_grad()
    def validate() -> dict[str, float]:
        held = range(pictures.num_train, len(pictures.captions))
        rest = [(one, n) for one in held for n in range(len(pictures.captions[one]))]
        figures = {}
        for kind in schedule.initial if rest else ():
            random = np.random.default_rng(0)
            results = []
            for at in range(0, len(rest), BATCH):
                some = rest[at : at + BATCH]
                logits, tokens, targets = read(some, [0] * len(some), (kind,), random)
                known = targets != IGNORED
                right = (logits.argmax(-1) == targets)[known]
                results.append(torch.stack([right, (tokens == targets)[known]], dim=1))
            right, unchanged = torch.cat(results).T
            figures[f"held-out {kind} restored"] = float(right[~unchanged].float().mean())
            figures[f"held-out {kind} kept"] = float(right[unchanged].float().mean())
        return figures

    train("proofread", proofreader, loss_of, len(items), schedule, folder, validate)


def correct(planted: Sequence[int], truth: Sequence[int]) -> list[int]:
    """The right token id at each position of a caption with errors.

    It is IGNORED where the number of tokens differs.
    """
    corrected = list(planted)
    for kind, i, j, k, end in SequenceMatcher(None, planted, truth, autojunk=False).get_opcodes():
        if kind != "equal":
            same_length = j - i == end - k
            corrected[i:j] = truth[k:end] if same_length else [IGNORED] * (j - i)
    return corrected
