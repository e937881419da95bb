# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A thing's own arithmetic: position, names and attributes from one sighting to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.detections import Detection
from mmser_ros.memory.graph.records import (
    MAX_OTHERS,
    MAX_VISITS,
    Evidence,
    Matrix,
    Thing,
    Vector,
    Votes,
    add_vote,
)

RIDGE = 1e-3
"""Information (1/m²) that the last position keeps, so that parallel bearings don't break."""
FADE = 0.8
"""What each sighting leaves of the old width and height."""


def born(detection: Detection, stamp: int, evidence: Evidence, config: MemoryConfig) -> Thing:
    """A thing that was never seen before; the sighting itself is still to be counted."""
    estimate = detection.estimate
    information = np.linalg.inv(estimate.covariance)
    return Thing(
        word=detection.word,
        kind=detection.kind,
        names=((detection.name, detection.weight),),
        attributes=tuple((one, detection.weight) for one in detection.attributes),
        position=_vector(estimate.mean),
        covariance=_matrix(estimate.covariance),
        information=_matrix(information),
        size=estimate.size,
        height=estimate.height,
        evidence=config.prior_log_odds,
        as_of=stamp,
        hits=0.0,
        looks=0.0,
        missed=0.0,
        first_seen=stamp,
        last_seen=stamp,
        visits=(),
        best=evidence,
    )


def updated(thing: Thing, detection: Detection, evidence: Evidence, config: MemoryConfig) -> Thing:
    """The thing with a further sighting's position, name and attributes.

    The position is a least-squares one in information form: a point adds its inverse covariance,
    a bearing only what it says across the line of sight, so bearings from several places meet.
    Older information fades, so that the position can follow.
    """
    estimate = detection.estimate
    old, mean = np.reshape(thing.information, (3, 3)), np.array(thing.position)
    old = old * (1.0 - 1.0 / config.position_window) + RIDGE * np.eye(3)
    information = old + estimate.information
    covariance = np.linalg.inv(information)
    position = covariance @ (old @ mean + estimate.information @ estimate.anchor)
    names = add_vote(thing.names, detection.name, detection.weight)
    attributes = thing.attributes
    for one in detection.attributes:
        attributes = add_vote(attributes, one, detection.weight)
    return replace(
        thing,
        names=names,
        attributes=attributes,
        position=_vector(position),
        covariance=_matrix(covariance),
        information=_matrix(information),
        size=_blend(thing.size, estimate.size),
        height=_blend(thing.height, estimate.height),
        best=max(thing.best, evidence, key=lambda one: one.weight),
    )


def distance(thing: Thing, detection: Detection, config: MemoryConfig) -> tuple[float, float]:
    """How far a detection is from a thing.

    Returns:
        The squared Mahalanobis distance, with what disagreeing attributes cost, and the log of the
        spread that it is measured in, so that a vague thing doesn't win over a well-known one.
    """
    spread = np.reshape(thing.covariance, (3, 3)) + detection.estimate.covariance
    spread = spread + config.min_position_sigma**2 * np.eye(3)
    gap = detection.estimate.mean - thing.position
    square = float(gap @ np.linalg.solve(spread, gap))
    if conflict(thing.attributes, tuple((one, 1.0) for one in detection.attributes)):
        square += config.attribute_mismatch_penalty
    return square, float(np.log(np.linalg.det(spread)))


def conflict(a: Votes, b: Votes) -> bool:
    """Whether two sets of attributes have nothing in common though both have some."""
    first, second = ({word for word, weight in one if weight >= _strong(one)} for one in (a, b))
    return bool(first and second and not first & second)


def _strong(votes: Votes) -> float:
    return votes[0][1] / 2 if votes else 0.0


def merged(a: Thing, b: Thing, *, moved: bool) -> Thing:
    """The older thing with what is known of the newer one; at the newer one's position if moved."""
    names, attributes = a.names, a.attributes
    for word, weight in b.names:
        names = add_vote(names, word, weight)
    for word, weight in b.attributes:
        attributes = add_vote(attributes, word, weight)
    shared = {
        "names": names,
        "attributes": attributes,
        "first_seen": min(a.first_seen, b.first_seen),
        "last_seen": max(a.last_seen, b.last_seen),
        "visits": tuple(sorted({*a.visits, *b.visits}))[-MAX_VISITS:],
        "others": tuple(sorted({*a.others, *b.others}))[-MAX_OTHERS:],
    }
    if moved:
        return replace(b, **shared, moves=a.moves + b.moves + 1, confirmed=True)  # type: ignore[arg-type]
    first, second = np.reshape(a.information, (3, 3)), np.reshape(b.information, (3, 3))
    information = first + second
    covariance = np.linalg.inv(information)
    return replace(
        a,
        **shared,  # type: ignore[arg-type]
        position=_vector(covariance @ (first @ a.position + second @ b.position)),
        covariance=_matrix(covariance),
        information=_matrix(information),
        evidence=max(a.evidence, b.evidence),
        as_of=max(a.as_of, b.as_of),
        hits=a.hits + b.hits,
        looks=max(a.looks, b.looks, a.hits + b.hits),
        missed=min(a.missed, b.missed),
        confirmed=a.confirmed or b.confirmed,
        gone=a.gone and b.gone,
        best=max(a.best, b.best, key=lambda one: one.weight),
    )


def _blend(old: float, new: float) -> float:
    return FADE * old + (1 - FADE) * new if old and new else old or new


def _vector(values: np.ndarray) -> Vector:
    x, y, z = values.tolist()
    return (x, y, z)


def _matrix(values: np.ndarray) -> Matrix:
    a, b, c, d, e, f, g, h, i = values.ravel().tolist()
    return (a, b, c, d, e, f, g, h, i)
