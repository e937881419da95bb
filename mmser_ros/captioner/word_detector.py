# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which everyday words are true of a picture: features of it and of its crops in, words out.

The words stand in the language model's prompt (entity-aware prompts of ViECap, arXiv 2307.16525):
so what is there is decided by a detector that learned from everything that has labels, not only
from captions. MM-SeR's paper has no such part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmser_ros.captioner.config import WordsConfig
from mmser_ros.captioner.imagenet_words import imagenet_words
from mmser_ros.captioner.word_prompt import LEAST, MOST

NOTHING = "nothing"
"""The name that stands for a picture without content: black, white, noise, a covered lens."""
STANDARD = 6.0
"""The most that a standardised feature may be away from its mean."""
CLASS_DISCOUNT = 0.8
"""Of the probability of ImageNet's head, for words that were never trained."""


@dataclass(frozen=True)
class Detected:
    """What a detector says of one picture.

    Attributes:
        probabilities: word → probability, of all words.
        nothing: the probability that the picture has no content.
    """

    probabilities: dict[str, float]
    nothing: float

    @property
    def words(self) -> list[tuple[str, float]]:
        """The words for the prompt with their probabilities, the likeliest first."""
        likely = [one for one in self.probabilities.items() if one[1] >= LEAST]
        return sorted(likely, key=lambda one: -one[1])[:MOST]


class WordDetector(nn.Module):
    """A two-layer classifier of words on pooled features of several levels.

    It also reads the log probabilities of the vision tower's own classes, if there are any. Words
    that only ImageNet's classes have (`config/lexicon/imagenet_words.yaml`) come from them alone.

    Attributes:
        mean: (features,), of its input.
        deviation: (features,), of its input.
    """

    def __init__(self, config: WordsConfig, channels: Sequence[int], classes: int) -> None:
        """Build it with random weights.

        Args:
            config: its configuration.
            channels: of each level that it reads.
            classes: how many classes the vision tower has; 0 if none.
        """
        super().__init__()
        self.config = config
        features = 2 * sum(channels) + classes
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.mean: Tensor
        self.deviation: Tensor
        self.network = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(features, config.hidden_size),
            nn.GELU(),
            nn.Dropout(0.5),
        )
        self.answer = nn.Linear(config.hidden_size, len(config.names))
        known = set(config.names)
        self._others = {
            word: indices
            for word, indices in (imagenet_words().items() if classes else ())
            if word not in known
        }

    def forward(self, pooled: Tensor, classes: Tensor | None = None) -> Tensor:
        """Log odds (…, words).

        Args:
            pooled: (…, features), see `concepts.pool`.
            classes: (…, classes), log probabilities of the vision tower's classes, if it has any.
        """
        seen = pooled if classes is None else torch.cat([pooled, classes], dim=-1)
        standard = (seen.to(self.mean.dtype) - self.mean) / self.deviation
        return self.answer(self.network(standard.clamp(-STANDARD, STANDARD)))

    @torch.no_grad()
    def detect(self, pooled: Tensor, classes: Tensor | None = None) -> list[Detected]:
        """What is there.

        Args:
            pooled: (batch, views, features), of the whole picture, then of its crops. A word's log
                odds are the mean of the whole picture's and the highest of the crops'.
            classes: (batch, views, classes), or None.
        """
        odds = combine(self(pooled, classes).float())
        rows = torch.sigmoid(odds).tolist()
        names = self.config.names
        found = [dict(zip(names, row, strict=True)) for row in rows]
        if classes is not None:
            for one, chances in zip(found, classes[:, 0].float().exp(), strict=True):
                one.update(self._by_class(chances))
        return [Detected(one, one.pop(NOTHING, 0.0)) for one in found]

    def _by_class(self, chances: Tensor) -> dict[str, float]:
        """Probabilities of the words that only the tower's classes (classes,) have."""
        return {
            word: CLASS_DISCOUNT * float(chances[indices].sum())
            for word, indices in self._others.items()
        }


def combine(odds: Tensor) -> Tensor:
    """Log odds (batch, words) of those of the views (batch, views, words), the whole first."""
    if odds.shape[1] == 1:
        return odds[:, 0]
    return (odds[:, 0] + odds[:, 1:].amax(1)) / 2
