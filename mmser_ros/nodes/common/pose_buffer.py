# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the robot was at a stamp: between two poses that were heard, never the latest one."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from mmser_ros.core.errors import MmserError
from mmser_ros.core.geometry import interpolate
from mmser_ros.core.types import SECOND, Pose

JUMP = SECOND
"""A pose that lies further back than this, in nanoseconds, is of another time line."""


class PoseError(MmserError):
    """There is no pose for a stamp.

    Attributes:
        reason: for counting: `no_pose`, `pose_late`, `pose_old`, `pose_gap`, or from TF
            `tf_extrapolation`, `tf_unknown_frame`, `tf_not_connected`, `tf_error`.
        may_come: whether waiting can help.
    """

    def __init__(self, reason: str, message: str, *, may_come: bool) -> None:
        super().__init__(message)
        self.reason = reason
        self.may_come = may_come


class PoseSource(Protocol):
    """Knows where the robot was."""

    def at(self, stamp: int) -> Pose:
        """The pose at a stamp (nanoseconds).

        Raises:
            PoseError: there is none, or none yet.
        """

    def wait(self, timeout: float) -> None:
        """Until something new was heard, or `timeout` seconds have passed."""

    def reset(self) -> None:
        """Forget everything: time has jumped."""


def wait_for_pose(
    source: PoseSource,
    stamp: int,
    deadline: float,
    stopped: Callable[[], bool] = lambda: False,
    at: Callable[[int], Pose] | None = None,
) -> Pose:
    """The pose at a stamp (nanoseconds), waiting for it until a moment (monotonic, seconds).

    It is that of the robot, unless `at` asks the source for another one.

    Raises:
        PoseError: it did not come; it is asked for once more after the deadline.
    """
    while True:
        late = monotonic() >= deadline or stopped()
        try:
            return (at or source.at)(stamp)
        except PoseError as error:
            if late or not error.may_come:
                raise
        source.wait(max(0.0, deadline - monotonic()))


class PoseBuffer:
    """The poses of the last seconds, in the order of their stamps. Thread-safe.

    Args:
        name: where poses come from, for messages.
        length: seconds to keep.
        gap: seconds between two poses that may be interpolated over, at most.
    """

    def __init__(self, name: str, length: float, gap: float) -> None:
        self._name, self._length, self._gap = name, length * SECOND, gap * SECOND
        self._poses: deque[tuple[int, Pose]] = deque()
        self._changed = threading.Condition()

    def add(self, stamp: int, pose: Pose) -> None:
        """Keep a pose; one that is out of order is dropped, one far back begins a new time line."""
        with self._changed:
            if self._poses and stamp <= self._poses[-1][0]:
                if self._poses[-1][0] - stamp <= JUMP:
                    return
                self._poses.clear()
            self._poses.append((stamp, pose))
            while self._poses[0][0] < stamp - self._length:
                self._poses.popleft()
            self._changed.notify_all()

    def at(self, stamp: int) -> Pose:
        """The pose at a stamp (nanoseconds): of that stamp, or between its two neighbours.

        Raises:
            PoseError: `no_pose`, `pose_late` (it may come), `pose_old`, `pose_gap`.
        """
        with self._changed:
            if not self._poses:
                text = f"no pose was heard on {self._name}"
                raise PoseError("no_pose", text, may_come=True)
            if stamp > self._poses[-1][0]:
                text = f"the newest pose on {self._name} is {_apart(stamp, self._poses[-1][0])} s "
                text += "older than the caption's image: is it published, is its clock the same?"
                raise PoseError("pose_late", text, may_come=True)
            if stamp < self._poses[0][0]:
                text = f"the oldest pose kept of {self._name} is {_apart(self._poses[0][0], stamp)}"
                text += " s newer than the caption's image: raise pose_buffer, or caption faster"
                raise PoseError("pose_old", text, may_come=False)
            number = bisect_left(self._poses, stamp, key=lambda one: one[0])
            after, there = self._poses[number]
            if after == stamp:
                return there
            before, here = self._poses[number - 1]
        if after - before > self._gap:
            text = f"poses on {self._name} are {_apart(after, before)} s apart around the caption's"
            text += f" image, more than pose_gap {self._gap / SECOND:g} s: publish them faster"
            raise PoseError("pose_gap", text, may_come=False)
        return interpolate(here, there, (stamp - before) / (after - before))

    def wait(self, timeout: float) -> None:
        """Until a pose was added, or `timeout` seconds have passed."""
        with self._changed:
            self._changed.wait(timeout)

    def reset(self) -> None:
        """Forget all poses."""
        with self._changed:
            self._poses.clear()


def _apart(later: int, earlier: int) -> str:
    return f"{(later - earlier) / SECOND:.2f}"
