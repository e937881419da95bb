# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tracks of single objects: position, names and attributes from one detection to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.fusion.detections import Detection
from mmser_ros.memory.graph.records import (
    MAX_DISTINCT,
    MAX_VISITS,
    Matrix,
    Object,
    Provenance,
    Vector,
    Votes,
    add_vote,
)

RIDGE = 1e-3
"""Information (1/m²) of the last position that is always kept, for parallel bearings."""
EXTENT = 0.2
"""Standard deviation of the middle of what is visible of an object, as a share of its width."""
SIZE_SMOOTHING = 0.8
"""Weight of the old width and height at each detection."""


def create_track(
    detection: Detection, stamp: int, provenance: Provenance, config: MemoryConfig
) -> Object:
    """Make a new object from its first detection, which `add_detection` counts afterwards."""
    estimate = detection.estimate
    information = np.linalg.inv(estimate.covariance)
    return Object(
        word=detection.word,
        kind=detection.kind,
        names=((detection.name, detection.weight),),
        attributes=tuple((one, detection.weight) for one in detection.attributes),
        position=_vector(estimate.mean),
        covariance=_matrix(estimate.covariance),
        information=_matrix(information),
        size=estimate.size,
        height=estimate.height,
        log_odds=config.prior_log_odds,
        as_of=stamp,
        detections=0.0,
        opportunities=0.0,
        misses=0.0,
        first_seen=stamp,
        last_seen=stamp,
        visits=(),
        provenance=provenance,
    )


def update_track(
    obj: Object, detection: Detection, provenance: Provenance, config: MemoryConfig
) -> Object:
    """Update position, names and attributes of an object with a detection.

    The position is a least-squares estimate in information form. A point adds its inverse
    covariance. A bearing adds information only across the line of sight, so bearings from several
    places triangulate. Old information fades, so that the position can follow the object.
    """
    estimate = detection.estimate
    old, mean = np.reshape(obj.information, (3, 3)), np.array(obj.position)
    old = old * (1.0 - 1.0 / config.position_window) + RIDGE * np.eye(3)
    information = old + estimate.information
    covariance = np.linalg.inv(information)
    position = covariance @ (old @ mean + estimate.information @ estimate.anchor)
    names = add_vote(obj.names, detection.name, detection.weight)
    attributes = obj.attributes
    for one in detection.attributes:
        attributes = add_vote(attributes, one, detection.weight)
    return replace(
        obj,
        names=names,
        attributes=attributes,
        position=_vector(position),
        covariance=_matrix(covariance),
        information=_matrix(information),
        size=_smooth(obj.size, estimate.size),
        height=_smooth(obj.height, estimate.height),
        provenance=max(obj.provenance, provenance, key=lambda one: one.weight),
    )


def association_distance(
    obj: Object, detection: Detection, config: MemoryConfig
) -> tuple[float, float]:
    """Distance of a detection from an object.

    Returns:
        The squared Mahalanobis distance, plus `attribute_mismatch_penalty` if attributes disagree;
        and the log determinant of the covariance, so that a vague object doesn't win over a
        precise one.
    """
    spread = np.reshape(obj.covariance, (3, 3)) + detection.estimate.covariance
    floor = config.min_position_sigma**2 + (EXTENT * max(obj.size, detection.estimate.size)) ** 2
    spread = spread + floor * np.eye(3)
    gap = detection.estimate.mean - obj.position
    square = float(gap @ np.linalg.solve(spread, gap))
    if attributes_conflict(obj.attributes, tuple((one, 1.0) for one in detection.attributes)):
        square += config.attribute_mismatch_penalty
    return square, float(np.log(np.linalg.det(spread)))


def floor_variance(config: MemoryConfig, *widths: float) -> float:
    """Least variance (m²) of the distance of two tracks of one object.

    Views from two sides show two ends of a couch; the middles of what they show differ.
    """
    return 2 * config.min_position_sigma**2 + (EXTENT * max(widths)) ** 2


def attributes_conflict(a: Votes, b: Votes) -> bool:
    """Whether two sets of attributes are not empty and have no common word."""
    first, second = (
        {word for word, weight in votes if weight >= votes[0][1] / 2} for votes in (a, b)
    )
    return bool(first and second and not first & second)


def merge_tracks(a: Object, b: Object, *, moved: bool) -> Object:
    """Merge a newer object `b` into an older one `a`; if it moved, the position is that of `b`."""
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
        "distinct_from": tuple(sorted({*a.distinct_from, *b.distinct_from}))[-MAX_DISTINCT:],
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
        log_odds=max(a.log_odds, b.log_odds),
        as_of=max(a.as_of, b.as_of),
        detections=a.detections + b.detections,
        opportunities=max(a.opportunities, b.opportunities, a.detections + b.detections),
        misses=min(a.misses, b.misses),
        confirmed=a.confirmed or b.confirmed,
        gone=a.gone and b.gone,
        provenance=max(a.provenance, b.provenance, key=lambda one: one.weight),
    )


def _smooth(old: float, new: float) -> float:
    return SIZE_SMOOTHING * old + (1 - SIZE_SMOOTHING) * new if old and new else old or new


def _vector(values: np.ndarray) -> Vector:
    x, y, z = values.tolist()
    return (x, y, z)


def _matrix(values: np.ndarray) -> Matrix:
    a, b, c, d, e, f, g, h, i = values.ravel().tolist()
    return (a, b, c, d, e, f, g, h, i)
