# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Several nodes in processes of their own, without ROS's launch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from time import monotonic

from mmser_ros.core.console import errors
from mmser_ros.core.errors import MmserError

RESPAWN_DELAY = 2.0
"""Seconds until a node that a signal ended starts again."""


class NodeProcesses:
    """Nodes, each in its own process. Use it as a context: its end is theirs."""

    def __init__(self) -> None:
        self._arguments: dict[str, Sequence[str]] = {}
        self._running: dict[str, subprocess.Popen] = {}
        self._due: dict[str, float] = {}

    def __enter__(self) -> NodeProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait()

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start a node.

        Args:
            name: caption, memory, replay, simulation or viewer.
            arguments: of ROS; see `ros_arguments`.
        """
        self._arguments[name] = arguments
        command = [sys.executable, "-m", f"mmser_ros.nodes.{name}.node", "--ros-args", *arguments]
        # not in the terminal's group: an interrupt reaches them once, from here
        self._running[name] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def process(self, name: str) -> subprocess.Popen | None:
        """The process of a node; None while it waits to start again."""
        return self._running.get(name)

    def check(self) -> None:
        """Start nodes that a signal ended again; call it now and then. A node may end by itself.

        Raises:
            MmserError: a node gave up; it has said why.
        """
        for name, process in list(self._running.items()):
            status = process.poll()
            if status is None:
                continue
            if status > 0:
                msg = f"{name}_node ended with exit status {status}; its last line says why"
                raise MmserError(msg)
            del self._running[name]
            if status < 0:
                errors.print(f"{name}_node was ended by signal {-status}; it starts again")
                self._due[name] = monotonic() + RESPAWN_DELAY
        for name, moment in list(self._due.items()):
            if monotonic() >= moment:
                del self._due[name]
                self.start(name, self._arguments[name])


def ros_arguments(parameters: Mapping[str, object]) -> list[str]:
    """Parameters as ROS arguments."""
    return [part for name, value in parameters.items() for part in ("-p", f"{name}:={value}")]
