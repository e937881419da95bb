# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How sure a caption is: a few coefficients on what decoding leaves behind anyway.

A calibrated confidence is the probability that the caption names nothing that is not there, as
`mmser calibrate` defines and fits it (docs/confidence.md). After Platt scaling (Probabilistic
Outputs for Support Vector Machines, 1999), with several features in place of one score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import yaml

from mmser_ros.core.resources import share_path
from mmser_ros.core.types import Caption
from mmser_ros.core.word_diff import share_changed

NO_ROOMS = ("none", "only_nouns", "before_nouns")
"""Keys of the table of rooms under which words stand that name none."""
LEAST_SUPPORT = 1e-3
"""Less probable words count as if they were this probable."""


@dataclass(frozen=True)
class Calibration:
    """A logistic model for captions of so many passes.

    Attributes:
        passes: what it was fitted for; after another number it means nothing.
        intercept: of the log odds.
        weights: of the log odds, by the name of the feature (see `features`).

    Raises:
        ValueError: a weight is of a feature that there is not.
    """

    passes: int
    intercept: float
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        usual, more = feature_names(self.passes), feature_names(self.passes, support=True)
        if self.weights.keys() not in (set(usual), set(more)):
            msg = (
                f"weights of {sorted(self.weights)} after {self.passes} passes; expected {usual}, "
                f"or {more} for a model with a word detector"
            )
            raise ValueError(msg)

    def confidence(self, first: Caption, last: Caption) -> float:
        """The probability that `last` names nothing that is not there.

        Args:
            first: what the glance said; `last` itself after one pass.
            last: what the last look said.
        """
        found = features(first, last)
        odds = self.intercept + sum(w * found[name] for name, w in self.weights.items())
        return 0.5 * (1.0 + math.tanh(0.5 * odds))  # the logistic function, without overflow


def calibrated(
    calibrations: Sequence[Calibration], first: Sequence[Caption], last: Sequence[Caption]
) -> list[Caption]:
    """The last captions with confidences by the calibration of their passes, if there is one."""
    fitting = {one.passes: one for one in calibrations}
    return [
        replace(after, confidence=fitting[after.passes].confidence(before, after))
        if after.passes in fitting
        else after
        for before, after in zip(first, last, strict=True)
    ]


def features(first: Caption, last: Caption) -> dict[str, float]:
    """What a calibration goes by.

    Returns:
        `mean` and `lowest` log probability of the last caption's tokens, and their number
        (`length`); if its words were detected the mean and lowest log probability of those that the
        detector knows (`support`, `least_support`; 0 if it knows none), and whether one of them
        names a room (`room`, 1 or 0); after more than one pass also `first_mean` and `first_lowest`
        of the glance's, and `changed`, the share of words that are not in both.
    """
    of_last = {
        **_mean_and_lowest(last),
        "length": float(len(last.log_probabilities)),
        **_support(last),
    }
    if last.passes == 1:
        return of_last
    of_first = {f"first_{name}": value for name, value in _mean_and_lowest(first).items()}
    return {**of_last, **of_first, "changed": share_changed(first.text, last.text)}


def feature_names(passes: int, *, support: bool = False) -> list[str]:
    """Names of the features after so many passes, of a model with a word detector or without."""
    caption = Caption(
        "",
        "",
        0.0,
        passes > 1,
        "",
        passes,
        log_probabilities=(0.0,),
        support=() if support else None,
    )
    return list(features(caption, caption))


def geometric_mean(log_probabilities: Sequence[float]) -> float:
    """The geometric mean of probabilities: what confidence is without a calibration."""
    return math.exp(sum(log_probabilities) / len(log_probabilities)) if log_probabilities else 0.0


def _support(caption: Caption) -> dict[str, float]:
    if caption.support is None:
        return {}
    values = [math.log(max(probability, LEAST_SUPPORT)) for _, probability in caption.support]
    mean, least = (sum(values) / len(values), min(values)) if values else (0.0, 0.0)
    rooms = room_names()
    indoors = any(word in rooms for word, _ in caption.support)
    return {"support": mean, "least_support": least, "room": float(indoors)}


@cache
def room_names() -> frozenset[str]:
    """Words for rooms and other places indoors, from config/lexicon/room_words.yaml, and "room".

    Raises:
        ResourceError: it did not come with the package.
    """
    table = yaml.safe_load(share_path("config/lexicon/room_words.yaml").read_text(encoding="utf-8"))
    words = {word for key, some in table.items() if key not in NO_ROOMS for word in some}
    return frozenset(words | {"room"})


def _mean_and_lowest(caption: Caption) -> dict[str, float]:
    values = caption.log_probabilities
    return {"mean": sum(values) / len(values), "lowest": min(values)}
