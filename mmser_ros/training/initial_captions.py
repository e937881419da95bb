# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Initial captions for the training of refinement (the paper's appendix D.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from tokenizers import Tokenizer

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.data.perturbation.perturb import MOST_ERRORS, ErrorMaker, pseudo_initial_captions
from mmser_ros.training.batches import (
    BATCH,
    CaptionedFeatures,
    Progress,
    caption_features,
    caption_ids,
)
from mmser_ros.training.model_errors import Guess, guess_words
from mmser_ros.training.tokens import mirror

Kind = Literal["own", "other", "planted", "guessed", "truth"]
"""Kinds of initial captions: the model's own glance; a caption of another image; the target
caption with 0 to 3 planted errors, or with as many words guessed by the model (see `model_errors`);
the target caption. The paper's Data 1 is own, 2 other, 3 planted, and 4 planted and truth."""
EACH = 3
"""Captions with planted errors per human caption."""


class InitialCaptions:
    """Initial captions as token ids, without begin and end, by kind.

    Attributes:
        own: the model's glances, by view and image; empty if `kinds` does not need them.
    """

    def __init__(
        self,
        specialist: Specialist,
        tokenizer: Tokenizer,
        pictures: CaptionedFeatures,
        kinds: Sequence[str],
        maker: ErrorMaker,
        progress: Progress,
        seed: int = 0,
    ) -> None:
        """Make what `kinds`, some of `Kind`, needs: own glances, planted errors, guessed words.

        The glances are those of the model's present weights, of every view.
        """
        self._pictures = pictures
        self._truth = [
            _words(caption_ids(specialist, tokenizer, some), specialist.end)
            for some in (pictures.captions, pictures.mirrored_captions)
        ]
        self.own: list[list[list[int]]] = []
        if "own" in kinds:
            self.own = own_glances(specialist, pictures, progress)
        self._guesses: list[list[list[Guess]]] = []
        if "guessed" in kinds:
            truth = self._truth[0]
            self._guesses = guess_words(specialist, tokenizer, pictures, truth, progress, seed)
        self._planted: list[list[list[list[int]]]] = []
        if "planted" in kinds:
            flat = [caption for captions in pictures.captions for caption in captions]
            made = pseudo_initial_captions(flat, maker, EACH, seed)
            total = EACH * len(flat)
            texts = [pseudo.text for _, pseudo in progress(made, "planting errors", total)]
            for some in (texts, map(mirror, texts)):
                rows = iter(some)
                by_picture = [
                    [next(rows) for _ in range(EACH * len(one))] for one in pictures.captions
                ]
                ids = caption_ids(specialist, tokenizer, by_picture)
                self._planted.append(_words(ids, specialist.end))

    def draw(
        self,
        views: Sequence[int],
        chosen: Sequence[tuple[int, int]],
        kinds: Sequence[str],
        random: np.random.Generator,
    ) -> list[list[int]]:
        """Draw an initial caption of one of these kinds for each target (image, caption)."""
        return [
            self._draw(str(random.choice(kinds)), view, one, random)
            for view, one in zip(views, chosen, strict=True)
        ]

    def _draw(
        self, kind: str, view: int, chosen: tuple[int, int], random: np.random.Generator
    ) -> list[int]:
        picture, caption = chosen
        mirrored = int(self._pictures.mirrored[view, picture])
        if kind == "own":
            return self.own[view][picture]
        if kind == "planted":
            return self._planted[mirrored][picture][EACH * caption + random.integers(EACH)]
        if kind == "other":
            others = self._truth[0][random.integers(self._pictures.num_train)]
            return others[random.integers(len(others))]
        truth = self._truth[mirrored][picture][caption]
        if kind == "guessed":
            words = list(truth)
            # Swapping "left" and "right" may have moved positions.
            same_length = len(words) == len(self._truth[0][picture][caption])
            some = self._guesses[picture][caption] if same_length else []
            for index in random.permutation(len(some))[: random.integers(MOST_ERRORS + 1)]:
                position, token = some[index]
                words[position] = token
            return words
        return truth


def own_glances(
    specialist: Specialist, pictures: CaptionedFeatures, progress: Progress
) -> list[list[list[int]]]:
    """Greedy captions of the first pass as token ids, by view and image."""
    total = len(pictures.captions)
    starts = [(view, at) for view in range(pictures.views) for at in range(0, total, BATCH)]
    glances: list[list[list[int]]] = [[] for _ in range(pictures.views)]
    specialist.eval()
    for view, at in progress(starts, "own glances", len(starts)):
        some = range(at, min(at + BATCH, total))
        glances[view] += caption_features(specialist, pictures.levels(some, [view] * len(some)))
    return glances


def _words(captions: list[list[list[int]]], end: int) -> list[list[list[int]]]:
    return [[[word for word in one[1:] if word != end] for one in some] for some in captions]
