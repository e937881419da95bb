# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Replication between robots: their memories converge to the same observations."""

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
from mmser_ros.nodes.memory.digests import NANOSECONDS, PERIOD, DigestIndex
from mmser_ros.nodes.memory.statistics import MemoryStatistics

OBSERVATIONS, DIGESTS = "/scene_observations", "/scene_digests"
"""Topics; absolute, because robots have different namespaces."""
DEPTH = 1000
"""Depth of the queue for observations."""
MAX_SENT = 400
"""Observations that are sent for one digest; the next digest brings more."""


class Replication:
    """Exchanges observations with other robots.

    Each observation is published once, when it is made. In addition, every memory periodically
    publishes digests of its observations by time bucket. A robot whose digest of a bucket differs
    sends its observations of that bucket. Duplicates are ignored, and the graph does not depend on
    the order, so memories with the same observations have the same graph.

    Args:
        node: to publish and subscribe with.
        memory: to add to.
        robot: name of this robot.
        statistics: of sent and received observations.
        changed: called after a new observation from another robot.
        check_stamp: for the stamp of each received observation.
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
        self._index = DigestIndex(memory.digests)
        qos, group = QoSProfile(depth=DEPTH), MutuallyExclusiveCallbackGroup()
        self._observations = node.create_publisher(SceneObservation, OBSERVATIONS, qos)
        self._digests = node.create_publisher(SceneDigest, DIGESTS, 10)
        heard = (
            (SceneObservation, OBSERVATIONS, self._on_observation, qos),
            (SceneDigest, DIGESTS, self._on_digest, 10),
        )
        self._subscriptions = [
            node.create_subscription(*one, callback_group=group) for one in heard
        ]
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(self._period, self._publish_digest, group, clock=steady)

    def rebuild_index(self) -> None:
        """Compute all digests again, after the memory forgot observations."""
        self._index.rebuild_index()

    def activate(self, *, active: bool) -> None:
        """Start or stop to send and receive."""
        self._open = active

    def publish(self, observation: Observation) -> None:
        """Send an observation to other robots."""
        if self._open and self._node.context.ok():
            self._observations.publish(observation_to_message(observation))
            self._statistics.observation_sent()

    def close(self) -> None:
        """Close the topics and the timer."""
        with self._lock:
            self._open = False
        self._node.destroy_timer(self._timer)
        for one in self._subscriptions:
            self._node.destroy_subscription(one)
        for publisher in (self._observations, self._digests):
            self._node.destroy_publisher(publisher)

    def _on_observation(self, message: SceneObservation) -> None:
        try:
            self._check_stamp(nanoseconds(message.caption.header.stamp), "its image")
            with self._lock:  # `close` waits for this lock
                new = self._open and self._memory.add(observation_from_message(message))
        except MmserError as error:
            text = f"an observation of robot {message.robot!r} can't be used: {error}"
            reason = getattr(error, "reason", "observation")
            other_map = message.map_id != self._memory.origin.map_id
            self._statistics.refused("other_map" if other_map else reason, text)
            return
        if new:
            self._statistics.observation_received()
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

    def _on_digest(self, message: SceneDigest) -> None:
        with self._lock:
            if not self._open or message.map_id != self._memory.origin.map_id:
                return
            if message.period != PERIOD:
                text = f"robot {message.robot!r} has buckets of {message.period} s, not {PERIOD} s"
                self._statistics.refused("digest", f"{text}: install the same version on both")
                return
            theirs = dict(zip(message.buckets, message.sums, strict=False))
            since = nanoseconds(message.forgotten)
            sent = 0
            for bucket in self._index.differing(theirs, since, self._period):
                start = max(since, bucket * NANOSECONDS)
                for one in self._memory.observations(start, (bucket + 1) * NANOSECONDS):
                    self.publish(one)
                    sent += 1
                if sent >= MAX_SENT:
                    return
