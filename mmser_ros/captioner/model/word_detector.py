# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Word detector: features of a picture and of its crops in, probabilities of words out.

The words prompt the language model (entity-aware prompts of ViECap, arXiv 2307.16525). The detector
learns from all data with labels, not only from captions. MM-SeR's paper has no such part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from mmser_ros.captioner.config import SpecialistConfig, WordsConfig
from mmser_ros.captioner.model.imagenet_words import imagenet_words
from mmser_ros.captioner.model.object_tower import CLASSES
from mmser_ros.captioner.model.vision import ClipTower, EfficientNetLiteTower
from mmser_ros.captioner.model.word_prompt import choose_words

NOTHING = "nothing"
"""Word for a picture without content: black, white, noise, a covered lens."""
STANDARD = 6.0
"""Bound of standardised features: larger ones are clipped."""
TRAINED, UNTRAINED = 0.8, 1.4
"""Factors from a class's mean probability over views to its word's probability: for words that the
detector learned, and for others. On COCO's train pictures the word is right in 70 % of the cases
where that mean is 0.3 to 0.5, and in 85 % where it is 0.5 to 0.7; in 26 % and 50 % where the
detector gives the word a low probability."""
MOST_BY_CLASS = 0.95
"""Upper bound of a word's probability that comes from a class alone."""


@dataclass(frozen=True)
class Detected:
    """The words that a detector finds in one picture.

    Attributes:
        probabilities: word → probability, for all words that are known there.
        nothing: the probability that the picture has no content.
        inside: whether the picture is of the detector's domain.
    """

    probabilities: dict[str, float]
    nothing: float
    inside: bool = False

    @property
    def words(self) -> list[tuple[str, float]]:
        """Words of the prompt with their probabilities, the most probable first."""
        return choose_words(self.probabilities.items())


class WordDetector(nn.Module):
    """A two-layer classifier of words on pooled features of several levels.

    It also reads the log probabilities of the vision tower's own classes, if there are any. These
    classes set a lower bound for the probabilities of their words
    (`config/lexicon/imagenet_words.yaml`). Words that the detector did not learn come from the
    classes alone.

    The log odds of an object tower's classes, if there are any, are mixed linearly and added to the
    words' log odds.

    Images of another domain have a detector of their own, if there is a `Domain`.

    Attributes:
        names: all words that it gives probabilities for: first those that it learned, then those
            that only classes have.
        mean: (features,), mean of the input.
        deviation: (features,), standard deviation of the input.
        object_mean: (objects,), mean of the object tower's log odds.
        object_words: (words, objects), what each of them adds to a word's log odds.
    """

    def __init__(
        self, config: WordsConfig, channels: Sequence[int], classes: int, objects: int = 0
    ) -> None:
        """Build it with random weights.

        Args:
            config: its configuration.
            channels: channels of each level that it reads.
            classes: number of classes of the vision tower; 0 if none.
            objects: number of classes of the object tower; 0 if there is none.
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
        if objects:
            # No nn.Linear, because dynamic quantization would round the log odds.
            self.object_words = nn.Parameter(torch.zeros(len(config.names), objects))
            self.register_buffer("object_mean", torch.zeros(objects))
            self.object_mean: Tensor
        if config.domain:
            self.domain = Domain(config, channels, classes)
        table = imagenet_words() if classes else {}
        self.names = tuple(dict.fromkeys([*config.names, *table]))
        matrix = torch.zeros(classes, len(self.names))
        for word, indices in table.items():
            matrix[indices, self.names.index(word)] = 1.0
        self.register_buffer("class_matrix", matrix, persistent=False)
        self.class_matrix: Tensor

    @property
    def words(self) -> set[str]:
        """The words of `names`, without NOTHING."""
        return set(self.names) - {NOTHING}

    def forward(
        self, pooled: Tensor, classes: Tensor | None = None, objects: Tensor | None = None
    ) -> Tensor:
        """Log odds (…, words).

        Args:
            pooled: (…, features), see `concept_detector.pool`.
            classes: (…, classes), log probabilities of the vision tower's classes, if it has any.
            objects: (…, objects), log odds of the object tower's classes, if there is one.
        """
        odds = self.answer(self.network(self.standardise(pooled, classes)))
        if objects is None:
            return odds
        return odds + linear(objects.to(self.mean.dtype) - self.object_mean, self.object_words)

    def standardise(self, pooled: Tensor, classes: Tensor | None = None) -> Tensor:
        """The input of `forward` less its mean, in standard deviations: (…, features)."""
        seen = pooled if classes is None else torch.cat([pooled, classes], dim=-1)
        standard = (seen.to(self.mean.dtype) - self.mean) / self.deviation
        return standard.clamp(-STANDARD, STANDARD)

    @torch.no_grad()
    def detect(
        self, pooled: Tensor, classes: Tensor | None = None, objects: Tensor | None = None
    ) -> list[Detected]:
        """Detect words in pictures.

        Args:
            pooled: (batch, views, features), of the whole picture, then of its crops. A word's log
                odds are the mean of the whole picture's and the maximum over the crops.
            classes: (batch, views, classes), or None.
            objects: (batch, objects), of the whole image, or None.
        """
        seen = None if objects is None else objects[:, None]
        probabilities = torch.sigmoid(combine(self(pooled, classes, seen).float()))
        if classes is not None:
            probabilities = self.add_classes(probabilities, classes)
        rows = probabilities.tolist()
        named = [dict(zip(self.names, row, strict=True)) for row in rows]
        found = [Detected(one, one.pop(NOTHING, 0.0)) for one in named]
        if not self.config.domain:
            return found
        whole = self.standardise(pooled, classes)[:, 0]
        return self.domain.replace(found, self.domain.contains(whole), pooled, classes)

    @torch.no_grad()
    def add_classes(self, probabilities: Tensor, classes: Tensor) -> Tensor:
        """Raise probabilities of words by the tower's own classes, and add the words of `names`.

        Args:
            probabilities: (batch, words), of the words that the detector learned.
            classes: (batch, views, classes), as in `detect`.

        Returns:
            (batch, len(names)) probabilities, float64.
        """
        chances = classes.float().exp().mean(1) @ self.class_matrix.float()
        learned, others = chances.double().tensor_split([probabilities.shape[1]], dim=1)
        added = (UNTRAINED * others).clamp(max=MOST_BY_CLASS)
        return torch.cat([torch.maximum(probabilities, TRAINED * learned), added], dim=1)


class Domain(nn.Module):
    """A detector for images of another domain, such as rendered ones, and a gate that tells them.

    What is detected in other images does not depend on it.

    Attributes:
        detector: finds words in images of the domain.
        gate: (features,), weights of the features that tell these images.
        bias: (), of the gate. With weights of 0 no image is of the domain.
    """

    def __init__(self, config: WordsConfig, channels: Sequence[int], classes: int) -> None:
        """Build it with random weights and a closed gate; arguments as of `WordDetector`."""
        super().__init__()
        assert config.domain
        names, width = config.domain.names, config.domain.hidden_size
        own = replace(config, names=names, hidden_size=width, domain=None)
        self.detector = WordDetector(own, channels, classes)
        # No nn.Linear, because dynamic quantization would round the features.
        self.gate = nn.Parameter(torch.zeros(len(self.detector.mean)))
        self.bias = nn.Parameter(torch.zeros(()))

    def contains(self, standard: Tensor) -> Tensor:
        """Which images (batch,) are of the domain.

        Args:
            standard: (batch, features) of whole images, by `WordDetector.standardise` of the
                model's own detector.
        """
        return standard @ self.gate + self.bias > 0

    def replace(
        self, found: Sequence[Detected], inside: Tensor, pooled: Tensor, classes: Tensor | None
    ) -> list[Detected]:
        """Replace what was found in images of the domain; words that it lacks are left out.

        Args:
            found: by the model's own detector.
            inside: (batch,), see `contains`.
            pooled: as in `WordDetector.detect`.
            classes: as in `WordDetector.detect`.
        """
        if not inside.any():
            return list(found)
        others = self.detector.detect(pooled, classes)
        return [
            Detected(one.probabilities, one.nothing, inside=True) if is_inside else own
            for own, one, is_inside in zip(found, others, inside.tolist(), strict=True)
        ]


def build_word_detector(
    config: SpecialistConfig, vision: EfficientNetLiteTower | ClipTower
) -> WordDetector:
    """Build the word detector of a model with words, with random weights."""
    assert config.words
    objects = CLASSES if config.objects else 0
    return WordDetector(config.words, vision.channels, vision.classes, objects)


def combine(odds: Tensor) -> Tensor:
    """Combine log odds of views (batch, views, words), the whole picture first: (batch, words)."""
    if odds.shape[1] == 1:
        return odds[:, 0]
    return (odds[:, 0] + odds[:, 1:].amax(1)) / 2
