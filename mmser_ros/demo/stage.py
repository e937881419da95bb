# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A node that watches others, each in its own process."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from mmser_ros.core.errors import MmserError
from mmser_ros.demo.processes import NodeProcesses
from mmser_ros.nodes.common.dds_profile import use_large_shared_memory

PATIENCE = 120.0
"""Maximum seconds without progress: models load slowly on a busy machine."""


class DemoError(MmserError):
    """The demo can't run, or failed."""


class Stage(NodeProcesses):
    """Nodes in a namespace of their own, and one here that watches them. Use it as a context.

    Attributes:
        node: in this process; `wait` spins it.
        namespace: of all nodes.
    """

    def __enter__(self) -> Stage:
        use_large_shared_memory()
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        rclpy.init(args=[])
        self.namespace = f"/mmser_demo_{os.getpid()}"
        self.node = Node("watcher", namespace=self.namespace)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()

    def spin(self) -> None:
        """Receive for a moment, and look after the nodes.

        Raises:
            MmserError: a node gave up.
        """
        self._executor.spin_once(timeout_sec=0.1)
        self.check()

    def wait(self, condition: Callable[[], bool], progress: Callable[[], object]) -> None:
        """Spin until a condition holds.

        Args:
            condition: what to wait for.
            progress: changes while there is hope, and says in words how far the nodes are.

        Raises:
            DemoError: the progress stays the same for PATIENCE seconds.
            MmserError: a node gave up.
        """
        seen, since = progress(), monotonic()
        while not condition():
            self.spin()
            now = progress()
            if now != seen:
                seen, since = now, monotonic()
            if monotonic() - since > PATIENCE:
                msg = f"{seen}, and no more in {PATIENCE:.0f} s; is /dev/shm usable?"
                raise DemoError(msg)

    def call(self, kind: Any, service: str, request: Any, progress: Callable[[], object]) -> Any:
        """Call a service of a node; errors as of `wait`."""
        client = self.node.create_client(kind, service)
        self.wait(client.service_is_ready, progress)
        answer = client.call_async(request)
        self.wait(answer.done, progress)
        self.node.destroy_client(client)
        return answer.result()
