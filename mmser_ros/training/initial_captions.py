# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the second look is given to correct in training (the paper's appendix D.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from tokenizers import Tokenizer

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.data.perturbation.perturb import MOST_ERRORS, ErrorMaker, pseudo_initial_captions
from mmser_ros.training.batches import BATCH, CaptionedFeatures, Progress, caption_ids, look
from mmser_ros.training.model_errors import Guess, guess_words
from mmser_ros.training.tokens import mirror

Kind = Literal["own", "other", "planted", "guessed", "truth"]
"""The model's own glance; a caption of another picture; the caption that is to be said, with 0 to
3 planted errors, or as many guessed words (see `guesses`); that caption itself. The paper's Data 1
is own, 2 other, 3 planted, and 4 planted and truth."""
EACH = 3
"""Captions with planted errors for each human one."""


class InitialCaptions:
    """Initial captions as token ids, without begin and end, by kind.

    Attributes:
        own: the model's glances, by view and picture; none if `kinds` don't need them.
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
        """Make all that `kinds` need: own glances of every view, planted errors, guessed words.

        Args:
            specialist: whose own glances; they are those of its present weights.
            tokenizer: its vocabulary.
            pictures: the pictures and their captions.
            kinds: some of `Kind`.
            maker: plants the errors.
            progress: wraps an iterable with a description and a total.
            seed: of the planted errors and guessed words.
        """
        self._pictures = pictures
        self._truth = [
            _words(caption_ids(specialist, tokenizer, some), specialist.end)
            for some in (pictures.captions, pictures.turned)
        ]
        self.own: list[list[list[int]]] = []
        if "own" in kinds:
            self.own = own_glances(specialist, pictures, progress)
        self._guesses: list[list[list[Guess]]] = []
        if "guessed" in kinds:
            self._guesses = guess_words(
                specialist, tokenizer, pictures, self._truth[0], progress, seed
            )
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
                self._planted.append(
                    _words(caption_ids(specialist, tokenizer, by_picture), specialist.end)
                )

    def draw(
        self,
        views: Sequence[int],
        chosen: Sequence[tuple[int, int]],
        kinds: Sequence[str],
        random: np.random.Generator,
    ) -> list[list[int]]:
        """An initial caption of these kinds for each (picture, caption) to be said of a view."""
        return [
            self._draw(str(random.choice(kinds)), view, one, random)
            for view, one in zip(views, chosen, strict=True)
        ]

    def _draw(
        self, kind: str, view: int, chosen: tuple[int, int], random: np.random.Generator
    ) -> list[int]:
        picture, caption = chosen
        turned = int(self._pictures.mirrored[view, picture])
        if kind == "own":
            return self.own[view][picture]
        if kind == "planted":
            return self._planted[turned][picture][EACH * caption + random.integers(EACH)]
        if kind == "other":
            others = self._truth[0][random.integers(self._pictures.known)]
            return others[random.integers(len(others))]
        truth = self._truth[turned][picture][caption]
        if kind == "guessed":
            words = list(truth)
            # "left" for "right" may have moved the places.
            alike = len(words) == len(self._truth[0][picture][caption])
            some = self._guesses[picture][caption] if alike else []
            for index in random.permutation(len(some))[: random.integers(MOST_ERRORS + 1)]:
                place, token = some[index]
                words[place] = token
            return words
        return truth


def own_glances(
    specialist: Specialist, pictures: CaptionedFeatures, progress: Progress
) -> list[list[list[int]]]:
    """Greedy captions of the first pass, by view and picture, as token ids."""
    total = len(pictures.captions)
    starts = [(view, at) for view in range(pictures.views) for at in range(0, total, BATCH)]
    glances: list[list[list[int]]] = [[] for _ in range(pictures.views)]
    specialist.eval()
    for view, at in progress(starts, "own glances", len(starts)):
        some = range(at, min(at + BATCH, total))
        glances[view] += look(specialist, pictures.seen(some, [view] * len(some)))
    return glances


def _words(captions: list[list[list[int]]], end: int) -> list[list[list[int]]]:
    return [[[word for word in one[1:] if word != end] for one in some] for some in captions]
