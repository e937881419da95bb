# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recorded poses to go with replayed images: a trajectory file, or a topic of a bag."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mmser_ros.core.errors import MmserError
from mmser_ros.core.geometry import interpolate, is_valid_pose
from mmser_ros.core.types import SECOND, Pose
from mmser_ros.nodes.common.scene_conversions import SPAN, nanoseconds, pose_from_message
from mmser_ros.nodes.replay.bag_files import bag_of, open_bag

FRAME = "map"
"""Frame of the poses of a file, which names none."""
GAP = 1.0
"""Seconds between two poses that may be interpolated over, at most."""
POSE_TYPES = (
    "geometry_msgs/msg/PoseStamped",
    "geometry_msgs/msg/PoseWithCovarianceStamped",
    "nav_msgs/msg/Odometry",
)
LONGEST = 200
"""Characters of a line that a message shows."""
COLUMNS = "timestamp tx ty tz qx qy qz qw"


class TrajectoryError(MmserError):
    """There are no poses in what was given."""


class Trajectory:
    """Where a camera's robot was, at any time of a recording.

    Args:
        frame: of the poses.
        poses: by stamp, in nanoseconds.
    """

    def __init__(self, frame: str, poses: Mapping[int, Pose]) -> None:
        self.frame = frame
        self._stamps, self._poses = sorted(poses), dict(poses)

    def __str__(self) -> str:
        first, last = (self._stamps[one] / SECOND for one in (0, -1))
        return f"{len(self._stamps)} poses from {first:.3f} to {last:.3f} s"

    def at(self, stamp: int) -> Pose | None:
        """The pose at a stamp (nanoseconds), between its two neighbours.

        None before the first and after the last one, and where neighbours are more than GAP apart.
        """
        if stamp in self._poses:
            return self._poses[stamp]
        number = bisect_left(self._stamps, stamp)
        if not 0 < number < len(self._stamps):
            return None
        before, after = self._stamps[number - 1 : number + 1]
        if after - before > GAP * SECOND:
            return None
        share = (stamp - before) / (after - before)
        return interpolate(self._poses[before], self._poses[after], share)


def open_trajectory(poses: str, source: str) -> Trajectory:
    """Find out what poses are given.

    Args:
        poses: a file in the TUM format, or a topic of the source.
        source: what is replayed.

    Raises:
        TrajectoryError: it is neither, or has no poses.
        SourceError: the bag can't be read.
    """
    file, bag = Path(poses).expanduser(), bag_of(Path(source).expanduser())
    if file.is_file():
        return read_trajectory(file)
    if bag is not None:
        return _read_topic(bag, poses)
    msg = f"no such trajectory: {poses!r}; expected a file with lines of {COLUMNS!r}"
    raise TrajectoryError(msg)


def read_trajectory(file: Path) -> Trajectory:
    """Read a file in the format of the TUM RGB-D benchmark (Sturm et al., 2012).

    A line a pose: `timestamp tx ty tz qx qy qz qw`, in seconds and metres; lines that begin with #
    are comments.

    Raises:
        TrajectoryError: a line is something else, or there is none.
    """
    poses = {}
    try:
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                stamp, pose = _parse(line, f"{file}, line {number}")
                poses[stamp] = pose
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} can't be read as a trajectory: {error}; expected lines of {COLUMNS!r}"
        raise TrajectoryError(msg) from error
    return _trajectory(FRAME, poses, str(file))


def _parse(line: str, where: str) -> tuple[int, Pose]:
    try:
        first, *rest = line.split()
        x, y, z, i, j, k, w = map(float, rest)
        seconds = Decimal(first)  # a double has no nanoseconds left
        if not abs(seconds) < SPAN:  # of 1e999999 no whole number must be made
            raise ValueError(first)
        stamp = int(seconds.scaleb(9))
    except (ValueError, ArithmeticError) as error:
        msg = f"{where}: got {line.strip()[:LONGEST]!r}, expected {COLUMNS!r}"
        raise TrajectoryError(msg) from error
    return stamp, _checked(Pose((x, y, z), (i, j, k, w)), where)


def _read_topic(bag: Path, topic: str) -> Trajectory:
    with open_bag(bag) as reader:
        known = sorted(one for one, kind in reader.topics.items() if kind in POSE_TYPES)
        if topic not in known:
            msg = f"{bag} has no poses on {topic!r}, and no such file is there; it has "
            msg += f"{known} ({', '.join(POSE_TYPES)})"
            raise TrajectoryError(msg)
        frame, poses = "", {}
        for _, decode in reader.messages(topic):
            message: Any = decode()
            frame = message.header.frame_id
            inner = getattr(message.pose, "pose", message.pose)  # with covariance, or without
            stamp = nanoseconds(message.header.stamp)
            poses[stamp] = _checked(pose_from_message(inner), f"{topic} at {stamp} ns")
    return _trajectory(frame, poses, topic)


def _checked(pose: Pose, where: str) -> Pose:
    if not is_valid_pose(pose):
        msg = f"{where}: got {pose}; expected finite numbers and a quaternion of length 1"
        raise TrajectoryError(msg)
    return pose


def _trajectory(frame: str, poses: Mapping[int, Pose], name: str) -> Trajectory:
    if not poses:
        msg = f"{name} has no poses"
        raise TrajectoryError(msg)
    return Trajectory(frame, poses)
