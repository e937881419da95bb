# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Probability that an object is present: detections, missed detections, and time."""

from __future__ import annotations

import math
from dataclasses import replace

from mmser_ros.core.types import SECOND
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.graph.records import MAX_VISITS, Object

VISIT_GAP = 300 * SECOND
"""Detections with smaller gaps than this belong to one visit, in nanoseconds."""


def detection_rate(detections: float, opportunities: float) -> float:
    """Share of observations that detect a present object: the mean of a Beta(1, 2) prior."""
    return (detections + 1.0) / (opportunities + 3.0)


def log_odds_at(obj: Object, stamp: int, config: MemoryConfig) -> float:
    """Log-odds that an object is present at a stamp: they decay to the prior by half-lives."""
    age = max(0, stamp - obj.as_of) / SECOND
    left = 0.5 ** (age / config.half_life(obj.kind))
    return config.prior_log_odds + (obj.log_odds - config.prior_log_odds) * left


def probability(log_odds: float) -> float:
    """The probability of log-odds."""
    return 1.0 / (1.0 + math.exp(-log_odds))


def logit(chance: float) -> float:
    """The log-odds of a probability."""
    return math.log(chance / (1.0 - chance))


def caption_trust(confidence: float, config: MemoryConfig) -> float:
    """Probability that the words of a caption describe the scene, by its confidence (0 to 1)."""
    return confidence**config.confidence_weight  # a weight of 0 gives 1: confidence is ignored


def add_detection(
    obj: Object, stamp: int, weight: float, config: MemoryConfig, *, trust: float = 1.0
) -> Object:
    """Update an object with an observation that detects it.

    A present object is detected at its own rate, an absent one at the rate `false_positive_rate`.
    The log-odds grow by the logarithm of this likelihood ratio: the Beta-Bernoulli form of the
    persistence filter (Rosen, Mason and Leonard, 2016). A caption that does not describe the scene
    names the object at its own rate, whether it is present or not.

    Args:
        obj: the object before the observation.
        stamp: of the observation, in nanoseconds.
        weight: of the detection, 0 to 1.
        config: parameters.
        trust: probability that the caption describes the scene; with 0 the log-odds don't change.
    """
    named = detection_rate(obj.detections, obj.opportunities)
    false_alarm = trust * config.false_positive_rate + (1.0 - trust) * named
    log_odds = log_odds_at(obj, stamp, config) + weight * math.log(named / false_alarm)
    return _with_log_odds(
        replace(
            obj,
            detections=obj.detections + weight,
            opportunities=obj.opportunities + max(weight, 0.5),
            misses=0.0,
            last_seen=max(stamp, obj.last_seen),
            visits=_extend_visits(obj.visits, stamp),
        ),
        log_odds if config.use_evidence else config.max_log_odds,
        stamp,
        config,
    )


def add_miss(obj: Object, stamp: int, weight: float, config: MemoryConfig) -> Object:
    """Update an object with an observation that should have detected it and did not."""
    if not config.use_evidence:
        return obj
    log_odds = log_odds_at(obj, stamp, config)
    missed = 1.0 - detection_rate(obj.detections, obj.opportunities)
    return _with_log_odds(
        replace(obj, opportunities=obj.opportunities + weight, misses=obj.misses + weight),
        log_odds + weight * math.log(missed / (1.0 - config.false_positive_rate)),
        stamp,
        config,
    )


def miss_likelihood(obj: Object) -> float:
    """Probability of all misses since the last detection if the object is still present."""
    return (1.0 - detection_rate(obj.detections, obj.opportunities - obj.misses)) ** obj.misses


def _with_log_odds(obj: Object, log_odds: float, stamp: int, config: MemoryConfig) -> Object:
    limit = config.max_log_odds
    log_odds = min(limit, max(-limit, log_odds))
    confirmed = obj.confirmed or log_odds >= logit(config.existence_threshold)
    return replace(
        obj,
        log_odds=log_odds,
        as_of=max(stamp, obj.as_of),
        confirmed=confirmed,
        gone=confirmed and log_odds < config.prior_log_odds,
    )


def _extend_visits(visits: tuple[tuple[int, int], ...], stamp: int) -> tuple[tuple[int, int], ...]:
    if visits and stamp - visits[-1][1] <= VISIT_GAP:
        return (*visits[:-1], (visits[-1][0], max(stamp, visits[-1][1])))
    visits = (*visits, (stamp, stamp))
    if len(visits) > MAX_VISITS:  # merge the two visits with the smallest gap
        gaps = [visits[i + 1][0] - visits[i][1] for i in range(len(visits) - 1)]
        i = gaps.index(min(gaps))
        visits = (*visits[:i], (visits[i][0], visits[i + 1][1]), *visits[i + 2 :])
    return visits
