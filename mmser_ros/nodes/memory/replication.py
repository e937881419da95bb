# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Memories of several robots that hear each other and come to hold the same observations."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile

from mmser_ros.core.errors import MmserError
from mmser_ros.core.types import Observation
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.msg import SceneDigest, SceneObservation
from mmser_ros.nodes.common.plausible_stamps import CheckStamp
from mmser_ros.nodes.common.scene_conversions import (
    nanoseconds,
    observation_from_message,
    observation_to_message,
    stamp_of,
)
from mmser_ros.nodes.memory.digests import NANOSECONDS, PERIOD, JournalIndex
from mmser_ros.nodes.memory.statistics import MemoryStatistics

OBSERVATIONS, DIGESTS = "/scene_observations", "/scene_digests"
"""Topics, absolute so that robots in namespaces of their own hear each other."""
DEPTH = 1000
"""Observations that the middleware keeps for a robot that is slow to take them."""
AT_ONCE = 400
"""Observations after which a digest is answered; the next digest brings the next ones."""


class Sharing:
    """Tells other robots what is observed here, hears theirs, and makes up for what was lost.

    Each observation is published once, as it is made. From time to time every memory publishes a
    digest of what it holds, by stretches of time; whoever holds something else of a stretch sends
    its observations of it. A memory refuses what it knows, so repeats do no harm, and the
    graph does not depend on the order: memories that hold the same are the same.

    Args:
        node: to publish and subscribe with.
        memory: to add to.
        robot: name of this robot.
        statistics: told of what is heard and told.
        changed: called when another robot's observation was new.
        check_stamp: of each observation that is heard.
    """

    def __init__(
        self,
        node: Node,
        memory: SceneMemory,
        robot: str,
        statistics: MemoryStatistics,
        changed: Callable[[], None],
        check_stamp: CheckStamp,
    ) -> None:
        self._node, self._memory, self._robot = node, memory, robot
        self._period, self._check_stamp = node.get_parameter("digest_period").value, check_stamp
        self._statistics, self._changed = statistics, changed
        self._lock = threading.Lock()
        self._open = False
        self._index = JournalIndex(memory.digests)
        qos, group = QoSProfile(depth=DEPTH), MutuallyExclusiveCallbackGroup()
        self._observations = node.create_publisher(SceneObservation, OBSERVATIONS, qos)
        self._digests = node.create_publisher(SceneDigest, DIGESTS, 10)
        self._subscriptions = [
            node.create_subscription(
                SceneObservation, OBSERVATIONS, self._hear, qos, callback_group=group
            ),
            node.create_subscription(SceneDigest, DIGESTS, self._compare, 10, callback_group=group),
        ]
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(self._period, self._publish_digest, group, clock=steady)

    def begin_anew(self) -> None:
        """Look again at what the memory holds: it has forgotten something."""
        self._index.begin_anew()

    def activate(self, *, active: bool) -> None:
        """Talk and listen, or not."""
        self._open = active

    def tell(self, observation: Observation) -> None:
        """Tell others what was observed here."""
        if self._open and self._node.context.ok():
            self._observations.publish(observation_to_message(observation))
            self._statistics.told()

    def close(self) -> None:
        """Let go of topics and timer."""
        with self._lock:
            self._open = False
        self._node.destroy_timer(self._timer)
        for one in self._subscriptions:
            self._node.destroy_subscription(one)
        for publisher in (self._observations, self._digests):
            self._node.destroy_publisher(publisher)

    def _hear(self, message: SceneObservation) -> None:
        try:
            self._check_stamp(nanoseconds(message.caption.header.stamp), "its image")
            with self._lock:  # which `close` waits for, here and below
                new = self._open and self._memory.add(observation_from_message(message))
        except MmserError as error:
            text = f"an observation of robot {message.robot!r} is of no use: {error}"
            reason = getattr(error, "reason", "observation")
            other_map = message.map_id != self._memory.origin.map_id
            self._statistics.refused("other_map" if other_map else reason, text)
            return
        if new:
            self._statistics.heard()
            self._changed()

    def _publish_digest(self) -> None:
        with self._lock:
            if not self._open:
                return
            sums = self._index.sums()
            self._digests.publish(
                SceneDigest(
                    robot=self._robot,
                    map_id=self._memory.origin.map_id,
                    forgotten=stamp_of(self._memory.forgotten),
                    period=PERIOD,
                    buckets=list(sums),
                    sums=list(sums.values()),
                )
            )

    def _compare(self, message: SceneDigest) -> None:
        with self._lock:
            if not self._open or message.map_id != self._memory.origin.map_id:
                return
            if message.period != PERIOD:
                text = f"robot {message.robot!r} counts by {message.period} s, expected {PERIOD} s"
                self._statistics.refused("digest", f"{text}: install the same version on both")
                return
            theirs = dict(zip(message.buckets, message.sums, strict=False))
            since = nanoseconds(message.forgotten)
            sent = 0
            for bucket in self._index.differing(theirs, since, self._period):
                start = max(since, bucket * NANOSECONDS)
                for one in self._memory.observations(start, (bucket + 1) * NANOSECONDS):
                    self.tell(one)
                    sent += 1
                if sent >= AT_ONCE:
                    return
