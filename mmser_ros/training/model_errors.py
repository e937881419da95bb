# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors that a model makes: words that it would predict for another image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from spacy.lang.en.stop_words import STOP_WORDS
from tokenizers import Tokenizer
from torch import Tensor

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import BATCH, CaptionedFeatures, Progress
from mmser_ros.training.tokens import pack_rows, read

Guess = tuple[int, int]
"""A position in a caption, and a wrong token for it."""


@torch.no_grad()
def guess_words(
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    truths: Sequence[Sequence[Sequence[int]]],
    progress: Progress,
    seed: int = 0,
) -> list[list[list[Guess]]]:
    """Guess wrong words for captions, by image and caption.

    At each position the language model samples the next token for a random other image. So the
    guess fits the words before it, and is as frequent as the model's own words. A guess counts if
    it and the caption's word are single tokens and no stop words, and no caption of the image has
    it. The first views of the images are used. `truths` are the token ids of their captions,
    without begin and end.
    """
    random = torch.Generator().manual_seed(seed)
    total = len(truths)
    others = (torch.arange(total) + torch.randint(1, total, (total,), generator=random)) % total
    whole, begins = _words(tokenizer, specialist.language_model.vocabulary)
    guesses: list[list[list[Guess]]] = []
    specialist.eval()
    starts = range(0, total, BATCH)
    for at in progress(starts, "guessing words", len(starts)):
        some = range(at, min(at + BATCH, total))
        captions = [
            [[specialist.begin, *one, specialist.end] for one in truths[picture]]
            for picture in some
        ]
        rows = pack_rows(captions, specialist.device)
        levels = pictures.levels(others[some].tolist(), [0] * len(some))
        with torch.autocast(specialist.device.type, torch.bfloat16):
            logits = read(specialist, specialist.context(specialist.glance(levels)), rows)
        likely = logits.float().softmax(-1).cpu()
        drawn = torch.multinomial(likely.flatten(0, 1), 1, generator=random).view(likely.shape[:2])
        for row, picture in enumerate(some):
            own = {token for one in truths[picture] for token in one}
            found, start = [], 0
            for one in truths[picture]:
                ends = [*(bool(begins[token]) for token in one[1:]), True]
                tokens = drawn[row, start : start + len(one)].tolist()
                places = enumerate(zip(tokens, one, ends, strict=False))  # one may be empty
                found.append(
                    [
                        (position, token)
                        for position, (token, truth, ends_word) in places
                        if whole[token] and whole[truth] and ends_word and token not in own
                    ]
                )
                start += len(one) + 1
            guesses.append(found)
    return guesses


def _words(tokenizer: Tokenizer, size: int) -> tuple[Tensor, Tensor]:
    """Which of `size` tokens are whole words (no stop words), and which begin a word."""
    texts = [tokenizer.decode([token]) for token in range(size)]
    begins = torch.tensor([text.startswith(" ") for text in texts])
    whole = [
        text.startswith(" ") and text[3:].isalpha() and text[1:] not in STOP_WORDS for text in texts
    ]
    return torch.tensor(whole), begins
