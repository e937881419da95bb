# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""memory_node: builds a scene graph from captions and poses, and answers questions from it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.qos import QoSProfile

from mmser_ros.core.errors import MmserError
from mmser_ros.msg import SceneCaption
from mmser_ros.nodes.common.conversions import message_to_caption
from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from mmser_ros.nodes.common.managed_node import STEADY, ManagedNode
from mmser_ros.nodes.common.plausible_stamps import clock_of, describe_clock, stamp_check
from mmser_ros.nodes.common.scene_conversions import nanoseconds
from mmser_ros.nodes.common.topic_health import explain_input
from mmser_ros.nodes.memory.diagnostics import memory_status
from mmser_ros.nodes.memory.inputs import MemoryInputs
from mmser_ros.nodes.memory.outputs import GraphOutputs
from mmser_ros.nodes.memory.replication import Replication
from mmser_ros.nodes.memory.services import MemoryServices
from mmser_ros.nodes.memory.statistics import MemoryStatistics
from mmser_ros.nodes.memory.tuning_parameters import MEMORY_PARAMETERS, memory_config
from mmser_ros.nodes.memory.worker import MemoryWorker

CAPTIONS = QoSProfile(depth=20)
PENDING_PERIOD = 2.0
"""Seconds between two checks for pending observations …"""
PENDING_SHARE = 20
"""… and minimum pause after a rebuild, as a multiple of its duration."""
REPUBLISH_PERIOD = 10.0
"""Seconds until the graph is published without new observations: probabilities decay."""


def open_memory(path: Path | None, map_id: str, **options: Any) -> Any:
    """`SceneMemory.open`, imported at the first use: its parser takes seconds to load."""
    from mmser_ros.memory.scene_memory import SceneMemory

    return SceneMemory.open(path, map_id, **options)


class MemoryNode(ManagedNode):
    """The ROS side of the scene memory: topics, services, parameters, lifecycle, diagnostics.

    Args:
        memory_factory: takes a path (None: keep everything in memory), a map id, and the keyword
            arguments `on_other_map`, `config`, `robot`, `frame` and `clock`; returns a SceneMemory.
        options: of LifecycleNode.

    Attributes:
        statistics: of captions since the node was created.
    """

    cannot = "the memory can't be opened"

    def __init__(self, memory_factory: Callable[..., Any] = open_memory, **options: Any) -> None:
        self.statistics = MemoryStatistics()
        self._memory_factory = memory_factory
        self._memory: Any = None
        self._inputs: Any = None
        self._replication: Replication | None = None
        self._dirty = False
        self._published_at = 0.0
        self._apply_after = 0.0
        self._worker = MemoryWorker(self._observe, self.statistics, self._warn)
        super().__init__("memory_node", MEMORY_PARAMETERS, **options)
        self._robot = self.get("robot_name") or self.get_namespace().strip("/").replace("/", "_")
        self._robot = self._robot or "robot"
        self._time, self._check_stamp = clock_of(self), stamp_check(self)
        self._jumps = self.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(seconds=-1)),
            post_callback=self._on_jump,
        )

    # Lifecycle

    def open(self) -> str:
        """Open the memory, the topics and the services."""
        self._memory = memory = self._open_memory()
        self.opened.callback(memory.close)
        self._inputs = MemoryInputs(self, self.statistics, self._check_stamp)
        self.opened.callback(self._inputs.close)
        robot = self._robot
        if self.get("share_with_robots"):
            self._replication = Replication(
                self, memory, robot, self.statistics, self._changed, self._check_stamp
            )
            self.opened.callback(self._replication.close)
        self._outputs = GraphOutputs(self)
        self.opened.callback(self._outputs.close)
        stream = self._outputs.stream
        services = MemoryServices(self, memory, robot, stream, self._replication, self._changed)
        self.opened.callback(services.close)
        captions = self.create_subscription(
            SceneCaption,
            "scene_caption",
            self._worker.offer,
            CAPTIONS,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )
        self.opened.callback(self.destroy_subscription, captions)
        for period, act in (
            (self.get("graph_period"), self._publish_graph),
            (PENDING_PERIOD, self._apply_pending),
        ):
            timer = self.create_timer(period, act, clock=STEADY)
            self.opened.callback(self.destroy_timer, timer)
        status = memory.status()
        for text in filter(None, (status.notice, status.problem)):
            self.get_logger().warning(text)
        topic = self.resolve_topic_name("scene_caption")
        return f"map {status.map_id!r}, {status.observations} observations, waiting for {topic}"

    def run(self, *, running: bool) -> None:
        """Add captions and publish, or stop to; questions are answered meanwhile."""
        if running:
            self._outputs.stream.restart()
            self._changed()
            self._worker.start()
        else:
            self._worker.stop()
        if self._replication is not None:
            self._replication.activate(active=running)

    def close(self) -> None:
        """Close the topics, the services and the store."""
        super().close()
        self._replication = self._inputs = self._memory = None

    def _open_memory(self) -> Any:
        map_id = self.get("map_id")
        if not map_id:
            msg = "map_id is empty; expected a name of the map, such as house"
            raise MmserError(msg)
        return self._memory_factory(
            self._store(map_id),
            map_id,
            on_other_map=self.get("on_other_map"),
            config=memory_config(self.get),
            robot=self._robot,
            frame=self.get("map_frame"),
            clock=self._time,
        )

    def _store(self, map_id: str) -> Path | None:
        given = self.get("store_path")
        if given == "none":
            return None
        if given:
            return Path(given).expanduser()
        folder = Path(os.environ.get("ROS_HOME", "~/.ros")).expanduser() / "mmser"
        return folder / f"{quote(map_id, safe='')}.{quote(self._robot, safe='')}.sqlite"

    # Captions

    def _observe(self, message: SceneCaption, received: float) -> None:
        stamp = nanoseconds(message.header.stamp)
        self._check_stamp(stamp, "the caption's image")
        deadline = received + self.get("pose_timeout")
        sensors = self._inputs.at(message.header, deadline, lambda: self._worker.stopping)
        observation = self._memory.observe(
            message_to_caption(message),
            stamp,
            sensors.pose,
            camera=sensors.camera,
            depth=sensors.depth,
        )
        if self._replication is not None:
            self._replication.publish(observation)
        self._changed()

    def _changed(self) -> None:
        self._dirty = True

    def _apply_pending(self) -> None:
        start = monotonic()
        if start >= self._apply_after and self._memory.status().pending:
            self._memory.apply_pending()
            self._apply_after = monotonic() + PENDING_SHARE * (monotonic() - start)
            self._changed()

    def _publish_graph(self) -> None:
        if self.state == "active":
            changed = self._dirty or monotonic() - self._published_at > REPUBLISH_PERIOD
            self._dirty = False
            self._published_at = monotonic() if changed else self._published_at
            self._outputs.publish(self._memory.graph(now=self._time()) if changed else None)

    # Parameters and diagnostics

    def _warn(self, text: str) -> None:
        self.get_logger().warning(text, throttle_duration_sec=5.0)

    def _on_jump(self, jump: Any) -> None:
        if self._inputs is not None:
            self._inputs.reset()

    def status(self) -> DiagnosticStatus:
        """How captions come in, and what is wrong."""
        memory, inputs = self._memory, self._inputs
        topic = self.resolve_topic_name("scene_caption")
        return memory_status(
            f"{self.get_fully_qualified_name()}: memory",
            self.statistics.snapshot(),
            memory.status() if memory is not None else None,
            {"robot": self._robot, "map": self.get("map_id"), "clock": describe_clock(self)},
            state=self.state,
            topic=topic,
            input_state=explain_input(self, topic, "mmser_ros/msg/SceneCaption", CAPTIONS),
            pose_state=inputs.explain() if inputs is not None else "",
            timeout=self.get("input_timeout"),
            trouble=self.failure,
        )


PROGRAM = Program("memory_node", MemoryNode, threads=6)


def main(args: list[str] | None = None) -> None:
    """Run the node until it is interrupted; the exit status is 1 if it fails."""
    run_lifecycle_nodes([PROGRAM], args)


if __name__ == "__main__":
    main()
