# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How surely a thing is there: evidence for, evidence against, and time."""

from __future__ import annotations

import math
from dataclasses import replace

from mmser_ros.core.types import SECOND
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.graph.records import MAX_VISITS, Thing

SPELL = 300 * SECOND
"""Sightings nearer in time than this are one visit, in nanoseconds."""


def rate(hits: float, looks: float) -> float:
    """Share of looks that name a thing that is there: Beta(1, 2) before the first look."""
    return (hits + 1.0) / (looks + 3.0)


def evidence_at(thing: Thing, stamp: int, config: MemoryConfig) -> float:
    """Log-odds that a thing is there at a stamp: they fall back to the prior by half-lives."""
    age = max(0, stamp - thing.as_of) / SECOND
    left = 0.5 ** (age / config.half_life(thing.kind))
    return config.prior_log_odds + (thing.evidence - config.prior_log_odds) * left


def probability(log_odds: float) -> float:
    """Of log-odds."""
    return 1.0 / (1.0 + math.exp(-log_odds))


def log_odds(chance: float) -> float:
    """Of a probability."""
    return math.log(chance / (1.0 - chance))


def trust(confidence: float, config: MemoryConfig) -> float:
    """Chance that the words of a caption of some confidence (0 to 1) come from the scene."""
    return confidence**config.confidence_weight  # 0 to the power of 0 is 1: ignored


def seen(
    thing: Thing, stamp: int, weight: float, config: MemoryConfig, *, trusted: float = 1.0
) -> Thing:
    """The thing after a look that named it.

    A look names a thing that is there at the thing's own rate, and one that is not there at
    `false_positive_rate`; the evidence is the logarithm of that likelihood ratio, taken look by
    look (the Beta-Bernoulli form of the persistence filter, Rosen, Mason and Leonard, 2016). A
    caption whose words don't come from the scene names a thing at its rate whether it is there or
    not.

    Args:
        thing: before it.
        stamp: of the look, in nanoseconds.
        weight: how much it counts, 0 to 1.
        config: parameters.
        trusted: chance that the caption's words come from the scene; of 0 they are no evidence.
    """
    named = rate(thing.hits, thing.looks)
    false_alarm = trusted * config.false_positive_rate + (1.0 - trusted) * named
    evidence = evidence_at(thing, stamp, config) + weight * math.log(named / false_alarm)
    return _weighed(
        replace(
            thing,
            hits=thing.hits + weight,
            looks=thing.looks + max(weight, 0.5),
            missed=0.0,
            last_seen=max(stamp, thing.last_seen),
            visits=_visited(thing.visits, stamp),
        ),
        evidence if config.use_evidence else config.max_log_odds,
        stamp,
        config,
    )


def missed(thing: Thing, stamp: int, weight: float, config: MemoryConfig) -> Thing:
    """The thing after a look that should have named it and didn't."""
    if not config.use_evidence:
        return thing
    evidence = evidence_at(thing, stamp, config)
    silent = (1.0 - rate(thing.hits, thing.looks)) / (1.0 - config.false_positive_rate)
    return _weighed(
        replace(thing, looks=thing.looks + weight, missed=thing.missed + weight),
        evidence + weight * math.log(silent),
        stamp,
        config,
    )


def _weighed(thing: Thing, evidence: float, stamp: int, config: MemoryConfig) -> Thing:
    limit = config.max_log_odds
    evidence = min(limit, max(-limit, evidence))
    confirmed = thing.confirmed or evidence >= log_odds(config.existence_threshold)
    return replace(
        thing,
        evidence=evidence,
        as_of=max(stamp, thing.as_of),
        confirmed=confirmed,
        gone=confirmed and evidence < config.prior_log_odds,
    )


def still_there(thing: Thing) -> float:
    """Chance that a thing was merely not named since its last sighting, were it still there."""
    return (1.0 - rate(thing.hits, thing.looks - thing.missed)) ** thing.missed


def _visited(visits: tuple[tuple[int, int], ...], stamp: int) -> tuple[tuple[int, int], ...]:
    if visits and stamp - visits[-1][1] <= SPELL:
        return (*visits[:-1], (visits[-1][0], max(stamp, visits[-1][1])))
    visits = (*visits, (stamp, stamp))
    if len(visits) > MAX_VISITS:  # join the two spells that lie nearest
        gaps = [visits[i + 1][0] - visits[i][1] for i in range(len(visits) - 1)]
        i = gaps.index(min(gaps))
        visits = (*visits[:i], (visits[i][0], visits[i + 1][1]), *visits[i + 2 :])
    return visits
