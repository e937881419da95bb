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
from mmser_ros.captioner.model.imagenet_words import imagenet_words
from mmser_ros.captioner.model.word_prompt import LEAST, MOST

NOTHING = "nothing"
"""The name that stands for a picture without content: black, white, noise, a covered lens."""
STANDARD = 6.0
"""The most that a standardised feature may be away from its mean."""
TRAINED, UNTRAINED = 0.8, 1.4
"""What a class's mean probability over the views is worth as a word's: of a word that the detector
learned, and of one that it did not. By COCO's train pictures: where that mean is 0.3 to 0.5 the
word is true of 70 %, where it is 0.5 to 0.7 of 85 %; of those that the detector doubts, of 26 % and
50 %."""
TOLD, FEW = 0.25, 6
"""Words of less probability are told a robot's language model only if there are fewer likely ones
than so many, though it learned from prompts with all that are at least LEAST: on validation
pictures rooms are named with precision 0.576, with all words 0.549. Of one or two words alone it
makes up too much."""
MOST_BY_CLASS = 0.95
"""The most probable that a word is by a class alone."""


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
        ranked = sorted(likely, key=lambda one: -one[1])[:MOST]
        return [one for rank, one in enumerate(ranked) if one[1] >= TOLD or rank < FEW]


class WordDetector(nn.Module):
    """A two-layer classifier of words on pooled features of several levels.

    It also reads the log probabilities of the vision tower's own classes, if there are any. Words
    of these classes (`config/lexicon/imagenet_words.yaml`) are at least as probable as the classes
    make them; those that the detector did not learn come from the classes alone.

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
        table = imagenet_words() if classes else {}
        self._class_words = list(table)
        matrix = torch.zeros(classes, len(table))
        for column, indices in enumerate(table.values()):
            matrix[indices, column] = 1.0
        self.register_buffer("class_matrix", matrix, persistent=False)
        self.class_matrix: Tensor

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
            chances = classes.float().exp().mean(1) @ self.class_matrix.float()
            for one, row in zip(found, chances.tolist(), strict=True):
                self._add_classes(one, row)
        return [Detected(one, one.pop(NOTHING, 0.0)) for one in found]

    def _add_classes(self, found: dict[str, float], chances: Sequence[float]) -> None:
        """Raise probabilities to what the tower's own classes say of their words."""
        for word, chance in zip(self._class_words, chances, strict=True):
            if word in found:
                found[word] = max(found[word], TRAINED * chance)
            else:
                found[word] = min(MOST_BY_CLASS, UNTRAINED * chance)


def combine(odds: Tensor) -> Tensor:
    """Log odds (batch, words) of those of the views (batch, views, words), the whole first."""
    if odds.shape[1] == 1:
        return odds[:, 0]
    return (odds[:, 0] + odds[:, 1:].amax(1)) / 2
