# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks of observations, so that no input can exhaust memory or break arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import SECOND, Observation, Pose

LATEST = 2**31 * SECOND
"""Stamps (nanoseconds) are smaller than this: the limit of ROS messages."""
FARTHEST = 1e8
"""Maximum magnitude of metres and pixels."""
LONGEST = 2000
"""Maximum characters of a caption or a question."""
PHRASES = 200
"""Maximum phrases of a caption."""
CELLS = 10_000
"""Maximum cells of a depth grid."""
FINEST = 1e-4
"""Minimum focal length in pixels and minimum length of a quaternion, after rounding."""


class ObservationError(MmserError):
    """An observation has an invalid value."""


def check_observation(observation: Observation) -> None:
    """Check all values of an observation.

    Raises:
        ObservationError: a number is not finite or out of its range, a quaternion is zero, a camera
            has no size or focal length, the size of a depth grid is wrong, or a text or a list is
            too long.
    """
    for what, got, expected in _faults(observation):
        msg = f"got {what} of {got} in an observation; expected {expected}: correct its source"
        raise ObservationError(msg)


def _faults(one: Observation) -> Iterator[tuple[str, object, str]]:
    """Yield invalid values: name, value, and what is expected."""
    caption, depth, camera = one.caption, one.depth, one.camera
    if not 0 < one.stamp_ns < LATEST:
        yield "the stamp", f"{one.stamp_ns} ns", f"more than 0 and less than {LATEST}, by a clock"
    texts = (caption.text, caption.initial_text, *(phrase.text for phrase in caption.phrases))
    if max(map(len, texts)) > LONGEST:
        yield "a text", f"{max(map(len, texts))} characters", f"at most {LONGEST}"
    if len(caption.phrases) > PHRASES:
        yield "a caption", f"{len(caption.phrases)} phrases", f"at most {PHRASES}"
    sure = [caption.confidence, *(phrase.confidence for phrase in caption.phrases)]
    yield from (("the confidence", it, "0 to 1") for it in sure if not 0.0 <= it <= 1.0)
    numbers = [it for phrase in caption.phrases for it in phrase.point or ()]
    for phrase in caption.phrases:
        if (region := phrase.region) is not None:
            numbers += [region.x, region.y, region.width, region.height]
    if camera is not None:
        numbers += [camera.cx, camera.cy]
        yield from _pose_faults(camera.mount)
        sizes = (camera.width, camera.height, camera.fx, camera.fy)
        if not all(FINEST <= it <= FARTHEST for it in sizes):
            yield "a camera", camera, "sizes and focal lengths over 0: give a calibrated camera"
    yield from _pose_faults(one.pose)
    yield from (
        ("a number", it, f"a finite one of at most {FARTHEST:g}")
        for it in numbers
        if not abs(it) <= FARTHEST
    )
    if depth is not None:
        wanted = depth.rows * depth.columns
        if not 0 < wanted <= CELLS or len(depth.centimetres) != wanted:
            said = f"{depth.rows} rows of {depth.columns}"
            yield "a depth grid", f"{len(depth.centimetres)} cells", f"{said}, 1 to {CELLS} cells"


def _pose_faults(pose: Pose) -> Iterator[tuple[str, object, str]]:
    sigmas = (pose.position_sigma, pose.heading_sigma)
    fine = all(abs(it) <= FARTHEST for it in pose.position)
    if not (fine and all(0.0 <= it <= FARTHEST for it in sigmas)):
        yield "a pose", pose, f"finite numbers of at most {FARTHEST:g}, deviations of 0 or more"
    if not FINEST <= math.hypot(*pose.orientation) <= FARTHEST:
        yield "a pose", pose.orientation, "a unit quaternion (x, y, z, w)"
