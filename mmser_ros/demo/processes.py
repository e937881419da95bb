# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Several nodes in processes of their own, without ROS's launch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from time import monotonic

from mmser_ros.core.console import errors
from mmser_ros.core.errors import MmserError

RESPAWN_DELAY = 2.0
"""Seconds until a node that a signal ended starts again."""


def run_nodes(nodes: Mapping[str, Sequence[str]], wait: Callable[[], bool]) -> None:
    """Run nodes until the wait ends them; one that a signal ended starts again.

    Args:
        nodes: ROS arguments of each, by name: caption, memory, replay, simulation, viewer.
        wait: waits a moment; whether to go on.

    Raises:
        MmserError: a node gave up; it has said why.
    """
    running: dict[str, subprocess.Popen] = {}
    due = dict.fromkeys(nodes, 0.0)
    with ExitStack() as stack:
        stack.callback(_end, running)
        while wait():
            for name, process in list(running.items()):
                status = process.poll()
                if status is None:
                    continue
                if status >= 0:
                    msg = f"{name}_node ended with exit status {status}; its last line says why"
                    raise MmserError(msg)
                errors.print(f"{name}_node was ended by signal {-status}; it starts again")
                due[name] = monotonic() + RESPAWN_DELAY
                del running[name]
            for name in nodes.keys() - running.keys():
                if monotonic() >= due[name]:
                    command = [sys.executable, "-m", f"mmser_ros.nodes.{name}.node", "--ros-args"]
                    # not in the terminal's group: an interrupt reaches them once, from here
                    running[name] = subprocess.Popen(
                        [*command, *nodes[name]], stdin=subprocess.DEVNULL, start_new_session=True
                    )


def _end(running: dict[str, subprocess.Popen]) -> None:
    for process in running.values():
        process.terminate()
    for process in running.values():
        process.wait()
