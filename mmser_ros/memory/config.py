# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All parameters of the scene memory."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mmser_ros.core.errors import MmserError
from mmser_ros.core.validation import checked


class MemoryConfigError(MmserError):
    """A parameter of the scene memory is unknown, out of its range, or of the wrong type."""


def _number(
    default: float, minimum: float, maximum: float, unit: str, text: str, *, tunable: bool = True
) -> Any:
    """A number of MemoryConfig; memory_node offers the tunable ones as ROS parameters."""
    return Field(
        default,
        ge=minimum,
        le=maximum,
        description=text,
        json_schema_extra={"unit": unit, "tunable": tunable},
    )


@checked(MemoryConfigError)
class MemoryConfig:
    """How the memory matches, fuses, forgets and stores what captions say.

    The graph depends on these values: a store that was written with other values is rebuilt.

    Ten of them are not tunable in memory_node. The log-odds were chosen together: users change
    `existence_threshold` and `false_positive_rate` instead. The three switches are for comparisons.
    """

    # fmt: off
    keyframe_distance: float = _number(0.25, 0.0, 10.0, "m",
        "Distance driven after which a caption counts as a keyframe.")
    keyframe_angle: float = _number(0.26, 0.0, 3.15, "rad",
        "Rotation after which a caption counts as a keyframe.")
    keyframe_seconds: float = _number(5.0, 0.0, 3600.0, "s",
        "Time after which a caption counts as a keyframe, even if the robot stands still.")
    place_spacing: float = _number(0.8, 0.1, 20.0, "m",
        "Distance between neighbouring places of the topological map.")
    max_path_jump: float = _number(2.5, 0.1, 100.0, "m",
        "Maximum jump between captions that still creates a path edge.")
    max_path_gap: float = _number(10.0, 0.1, 3600.0, "s",
        "Maximum time between captions that still creates a path edge.")
    room_neighbor_weight: float = _number(0.6, 0.0, 1.0, "",
        "Weight of the neighbouring places' votes for a room label; a place's own votes have "
        "weight 1.")
    field_of_view: float = _number(1.2, 0.1, 3.1, "rad",
        "Horizontal field of view without camera_info.")
    max_range: float = _number(4.5, 0.5, 100.0, "m",
        "Maximum distance at which a caption is expected to name an object.")
    depth_sigma: float = _number(0.02, 0.0, 1.0, "m",
        "Standard deviation of depth at 1 m; it grows with the square of the depth.")
    object_center_sigma: float = _number(0.15, 0.01, 2.0, "m",
        "Standard deviation of the distance from an object's surface to its centre.")
    range_without_depth: float = _number(2.0, 0.3, 100.0, "m",
        "Assumed distance of an object without depth.")
    range_sigma_without_depth: float = _number(1.2, 0.1, 100.0, "m",
        "Standard deviation of that assumed distance.")
    min_position_sigma: float = _number(0.12, 0.01, 2.0, "m",
        "Minimum standard deviation of a position in data association.")
    position_window: float = _number(12.0, 1.0, 1000.0, "",
        "Number of detections that an object's position averages over.")
    mahalanobis_gate: float = _number(11.3, 1.0, 100.0, "",
        "Maximum squared Mahalanobis distance (3 degrees of freedom) at which a detection matches"
        " an object.")
    word_similarity_threshold: float = _number(0.6, 0.1, 1.0, "",
        "Minimum similarity of two words that can name the same object.")
    attribute_mismatch_penalty: float = _number(3.0, 0.0, 100.0, "",
        "Added to the squared Mahalanobis distance if attributes disagree (red, blue).")
    prior_log_odds: float = _number(-2.0, -10.0, 0.0, "",
        "Log-odds of an object's existence before its first detection.", tunable=False)
    false_positive_rate: float = _number(0.02, 0.0001, 0.3, "",
        "Probability that a caption names a given object that is not there.")
    confidence_weight: float = _number(0.0, 0.0, 1.0, "",
        "A caption's words are true with the probability confidence ** confidence_weight; 0: "
        "ignore the confidence.")
    max_log_odds: float = _number(6.0, 1.0, 30.0, "",
        "Log-odds of existence are clamped to plus or minus this value.", tunable=False)
    existence_threshold: float = _number(0.7, 0.01, 0.999, "",
        "Minimum probability of existence of an object in an answer.")
    prune_log_odds: float = _number(-3.0, -30.0, 0.0, "",
        "An unconfirmed object is deleted below these log-odds of existence.", tunable=False)
    miss_weight_without_depth: float = _number(0.3, 0.0, 1.0, "",
        "Weight of a missed detection if no depth shows that the object was in view.")
    refined_only_weight: float = _number(0.6, 0.0, 1.0, "",
        "Weight of an object that only the refined caption names; 1 if the first caption names "
        "it, too.")
    hedge_weight: float = _number(0.5, 0.0, 1.0, "",
        'Weight of an uncertain mention ("maybe a dog").')
    moved_threshold: float = _number(0.02, 0.0, 1.0, "",
        "An object found elsewhere has moved if it is less likely than this that it is still at "
        "its old position.")
    relation_prior: float = _number(-1.5, -10.0, 0.0, "",
        "Log-odds of a relation before its first mention.", tunable=False)
    relation_mention: float = _number(1.5, 0.0, 10.0, "",
        "Log-odds that one mention adds to a relation.", tunable=False)
    relation_agreement: float = _number(1.0, 0.0, 10.0, "",
        "Log-odds that geometry adds to a relation if it agrees.", tunable=False)
    relation_contradiction: float = _number(-6.0, -30.0, 0.0, "",
        "Log-odds that geometry adds to a relation if it contradicts.", tunable=False)
    half_life_person: float = _number(0.25, 0.001, 1e6, "h",
        "Half-life of the evidence for a person.")
    half_life_animal: float = _number(0.5, 0.001, 1e6, "h",
        "Half-life of the evidence for an animal.")
    half_life_vehicle: float = _number(12.0, 0.001, 1e6, "h",
        "Half-life of the evidence for a vehicle.")
    half_life_object: float = _number(168.0, 0.001, 1e6, "h",
        "Half-life of the evidence for a portable object.")
    half_life_furniture: float = _number(4380.0, 0.001, 1e6, "h",
        "Half-life of the evidence for furniture and appliances.")
    half_life_fixture: float = _number(43800.0, 0.001, 1e6, "h",
        "Half-life of the evidence for a fixture (built in, or growing there).")
    reorder_window: int = _number(400, 1, 100000, "observations",
        "An observation that is late by fewer observations than this is applied in order at once;"
        " a later one has to wait.")
    snapshot_every: int = _number(200, 1, 100000, "observations",
        "Number of observations between two snapshots of the graph in the file.")
    write_retry_period: float = _number(1.0, 0.0, 60.0, "s",
        "Time between two attempts to write after a failure.")
    max_unsaved: int = _number(20000, 1, 10000000, "observations",
        "Maximum number of observations that wait for a disk that can't be written; then the "
        "oldest are lost.")
    # fmt: on
    use_evidence: bool = Field(
        True, description="False: every object that was named once exists (for comparison)."
    )
    check_geometry: bool = Field(
        True, description="False: captions alone decide on relations (for comparison)."
    )
    weigh_refinement: bool = Field(
        True,
        description="False: every mention has the same weight, refined or not (for comparison).",
    )

    def half_life(self, kind: str) -> float:
        """Half-life of the evidence for a kind of the taxonomy, in seconds."""
        return 3600.0 * float(getattr(self, f"half_life_{kind}"))
