# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Consensus training: sampled captions are rewarded by their CIDEr-D.

Self-critical sequence training (arXiv 1612.00563); the baseline of a sample is the mean reward of
its picture's other samples (leave-one-out). MM-SeR's paper does not do it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from mmser_ros.captioner.decoding.greedy import Prompt, decode_one, prefill
from mmser_ros.captioner.model.language_model import LanguageModel
from mmser_ros.evaluation.metrics import tokenize

ORDERS = 4
SIGMA = 6.0
END_WORD = "</s>"
"""Counts as a word: without it captions that break off are not worse than whole ones."""


@dataclass(frozen=True)
class _Vector:
    """TF-IDF weights of a caption's n-grams, by n, and their norms."""

    weights: tuple[dict[tuple[str, ...], float], ...]
    norms: tuple[float, ...]
    length: int


class ConsensusReward:
    """CIDEr-D (arXiv 1411.5726, section 6) against references whose statistics are kept.

    Args:
        references: for each picture its human captions.
    """

    def __init__(self, references: Sequence[Sequence[str]]) -> None:
        words = [[_words(caption) for caption in some] for some in references]
        frequency: Counter[tuple[str, ...]] = Counter()
        for some in words:
            frequency.update({gram for caption in some for gram in _grams(caption)})
        self._log_pictures = math.log(len(references))
        self._frequency = frequency
        self._references = [[self._vector(caption) for caption in some] for some in words]

    def __call__(self, caption: str, picture: int, ended: bool = True) -> float:
        """The reward of a caption for a picture (0 to about 10).

        Args:
            caption: its text.
            picture: index of the picture.
            ended: whether the caption came to its end, rather than being cut.
        """
        mine = self._vector(_words(caption, ended))
        theirs = self._references[picture]
        return 10.0 * sum(_similarity(mine, one) for one in theirs) / len(theirs)

    def _vector(self, words: Sequence[str]) -> _Vector:
        weights: tuple[dict[tuple[str, ...], float], ...] = tuple({} for _ in range(ORDERS))
        for gram, count in _grams(words).items():
            rarity = self._log_pictures - math.log(max(1, self._frequency[gram]))
            weights[len(gram) - 1][gram] = count * rarity
        norms = tuple(math.sqrt(sum(x * x for x in one.values())) for one in weights)
        return _Vector(weights, norms, len(words))


@torch.no_grad()
def sample(
    model: LanguageModel,
    prompt: Prompt,
    samples: int,
    end: int,
    longest: int,
    temperature: float = 1.0,
) -> list[list[int]]:
    """Draw captions after the prompts of several pictures.

    Args:
        model: the language model.
        prompt: of the pictures.
        samples: captions to draw for each.
        end: id of the token that ends a caption.
        longest: where to stop at the latest, in tokens.
        temperature: what logits are divided by; below 1 likely words become likelier.

    Returns:
        `samples` captions of token ids for each picture in turn, to their end; one that reached
        the greatest length has none.
    """
    logits, reading = prefill(model, prompt)
    reading.repeat(samples)
    logits = logits.repeat_interleave(samples, dim=0)
    chosen = []
    ended = torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
    for _ in range(longest):
        shares = (logits.float() / temperature).softmax(-1).cumsum(-1)
        # Up to the last sum itself, which rounding leaves a little off 1.
        drawn = torch.rand_like(shares[:, :1]) * shares[:, -1:]
        token = torch.searchsorted(shares, drawn)[:, 0]
        chosen.append(token)
        ended |= token == end
        if bool(ended.all()):
            break
        logits = decode_one(model, token, reading)
    rows = torch.stack(chosen, 1).tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


def advantages(
    captions: Sequence[Sequence[int]],
    picture: int,
    reward: ConsensusReward,
    tokenizer: Tokenizer,
    end: int,
) -> np.ndarray:
    """How much higher each sample's reward is than the mean of the picture's other samples."""
    texts = tokenizer.decode_batch([list(caption) for caption in captions])
    rewards = np.array(
        [
            reward(text, picture, ended=caption[-1] == end)
            for text, caption in zip(texts, captions, strict=True)
        ]
    )
    return (rewards - rewards.mean()) * len(rewards) / (len(rewards) - 1)


def _words(caption: str, ended: bool = True) -> list[str]:
    return tokenize(caption).split() + ([END_WORD] if ended else [])


def _grams(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(words[start : start + order])
        for order in range(1, ORDERS + 1)
        for start in range(len(words) - order + 1)
    )


def _similarity(mine: _Vector, theirs: _Vector) -> float:
    penalty = math.exp(-((mine.length - theirs.length) ** 2) / (2 * SIGMA**2))
    total = 0.0
    for order in range(ORDERS):
        norm = mine.norms[order] * theirs.norms[order]
        if norm > 0:
            other = theirs.weights[order]
            product = sum(
                min(weight, other[gram]) * other[gram]
                for gram, weight in mine.weights[order].items()
                if gram in other
            )
            total += product / norm
    return penalty * total / ORDERS
