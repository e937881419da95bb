# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Confidence of a caption: a logistic model on features that decoding gives.

A calibrated confidence is the probability that everything the caption names is in the image.
`mmser calibrate` defines and fits it (docs/confidence.md). After Platt scaling (Probabilistic
Outputs for Support Vector Machines, 1999), with several features instead of one score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from mmser_ros.core.resources import share_path
from mmser_ros.core.types import Caption
from mmser_ros.core.word_diff import share_changed
from mmser_ros.core.yaml_text import read_yaml

NO_ROOMS = ("none", "only_nouns", "before_nouns")
"""Keys of the table of rooms whose words name no room."""
LEAST_SUPPORT = 1e-3
"""Lower bound for the probability of a word."""


@dataclass(frozen=True)
class Calibration:
    """A logistic model for captions of a number of passes.

    Attributes:
        passes: the number of passes that it was fitted for; it is used for no other number.
        intercept: intercept of the log odds.
        weights: weights of the log odds by feature name (see `features`).

    Raises:
        ValueError: the weights are not those of the features.
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
        """The probability that everything `last` names is in the image.

        Args:
            first: the caption of the glance; `last` itself after one pass.
            last: the caption of the last pass.
        """
        found = features(first, last)
        odds = self.intercept + sum(w * found[name] for name, w in self.weights.items())
        return 0.5 * (1.0 + math.tanh(0.5 * odds))  # the logistic function, without overflow


def calibrated(calibrations: Sequence[Calibration], first: Caption, last: Caption) -> Caption:
    """Set the confidence of a last caption by the last calibration for its passes, if any."""
    fitting = {one.passes: one for one in calibrations}
    if last.passes not in fitting:
        return last
    return replace(last, confidence=fitting[last.passes].confidence(first, last))


def features(first: Caption, last: Caption) -> dict[str, float]:
    """The features of a calibration.

    Returns:
        - `mean`, `lowest`: log probabilities of the last caption's tokens; `length`: their number.
        - With a word detector also `objects`: sum of the log probabilities of the words that the
          detector knows and that name no room; `room`: 1 if one names a room, else 0; `room_words`:
          log probability of the likeliest such word, 0 if none.
        - After more than one pass also `first_mean`, `first_lowest`: the same of the glance's
          caption; `changed`: the share of words that only one of both captions has.
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
    """Names of the features after `passes` passes; `support`: the model has a word detector."""
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
    """The geometric mean of probabilities: the confidence without a calibration."""
    return math.exp(sum(log_probabilities) / len(log_probabilities)) if log_probabilities else 0.0


def _support(caption: Caption) -> dict[str, float]:
    if caption.support is None:
        return {}
    rooms = room_names()
    support = [(word, math.log(max(chance, LEAST_SUPPORT))) for word, chance in caption.support]
    of_rooms = [value for word, value in support if word in rooms and word != "room"]
    return {
        "objects": sum(value for word, value in support if word not in rooms),
        "room": float(any(word in rooms for word, _ in support)),
        "room_words": max(of_rooms, default=0.0),
    }


@cache
def room_names() -> frozenset[str]:
    """Words for rooms and other places indoors, from config/lexicon/room_words.yaml, and "room".

    Raises:
        ResourceError: it did not come with the package.
    """
    table = read_yaml(share_path("config/lexicon/room_words.yaml").read_text(encoding="utf-8"))
    words = {word for key, some in table.items() if key not in NO_ROOMS for word in some}
    return frozenset(words | {"room"})


def _mean_and_lowest(caption: Caption) -> dict[str, float]:
    values = caption.log_probabilities
    return {"mean": sum(values) / len(values), "lowest": min(values)}
