# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Lifecycle nodes from start to end of their process."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGINT, SIGTERM, signal
from threading import Event, Thread
from typing import Any, Generic, TypeVar

import rclpy
from rclpy.exceptions import InvalidParameterValueException, ParameterException
from rclpy.executors import MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from mmser_ros.nodes.common.command_line import start_ros, warn_of_idle_files

N = TypeVar("N", bound=LifecycleNode)


@dataclass(frozen=True)
class Program(Generic[N]):
    """A lifecycle node that can be run in a process.

    Attributes:
        name: of the node, for messages.
        make: makes it; its parameter `autostart` says whether to configure and activate it.
        threads: how many of its callbacks may run, or wait, at the same time.
        before_end: called with the node before the end waits for its callbacks.
    """

    name: str
    make: Callable[[], N]
    threads: int = 3
    before_end: Callable[[N], None] = lambda _: None


def run_lifecycle_nodes(programs: Sequence[Program[Any]], args: list[str] | None) -> None:
    """Run nodes until the process is interrupted; exit status 1 if one can't start or go on.

    Args:
        programs: the nodes.
        args: of the command line.
    """
    names = " and ".join(one.name for one in programs)
    start_ros(names, args)
    interruption = Interruption()
    executor = MultiThreadedExecutor(num_threads=sum(one.threads for one in programs))
    ending, spun = Event(), Event()

    def spin() -> None:
        try:
            while executor.context.ok() and not ending.is_set():
                executor.spin_once()
        finally:
            spun.set()

    spinning = Thread(target=spin, name="executor")
    nodes: list[LifecycleNode] = []
    name, failure = names, ""
    try:
        for program in programs:
            name = program.name
            nodes.append(program.make())
            executor.add_node(nodes[-1])
        warn_of_idle_files(nodes, args)
        for program, node in zip(programs, nodes, strict=True):
            name = program.name
            if node.get_parameter("autostart").value and not _start(node, interruption):
                failure = f"{name} can't start; the log above says why"
                break
        else:
            with interruption.deferred():
                spinning.start()
            # Until Python 3.13 a join that is interrupted takes its thread for ended; and a signal
            # between two instructions, or to another thread, does not break into a wait.
            while not spun.wait(0.5):
                pass
            failure = f"{names} can't go on; the traceback above says why"
    except KeyboardInterrupt:
        pass
    except (ValueError, ParameterException, InvalidParameterValueException) as error:
        failure = f"{name} can't start: {error}"
    finally:
        ending.set()
        executor.create_task(lambda: None)  # a shutdown might come before it waits, and not wake it
        if spinning.is_alive():
            spinning.join()
        for program, node in zip(programs, nodes, strict=False):
            program.before_end(node)
        executor.shutdown()
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()
        gc.freeze()  # else the interpreter collects garbage as it ends: a second with torch loaded
    if failure:
        sys.exit(failure)


class Interruption:
    """The first SIGINT or SIGTERM interrupts the main thread, which then ends the others in order.

    Further ones are ignored: they would break into the end.

    Attributes:
        came: whether there was one.
    """

    def __init__(self) -> None:
        self.came = self._deferred = False
        for one in (SIGINT, SIGTERM):
            signal(one, self._interrupt)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Interrupt afterwards only: a thread whose start is interrupted can't be joined."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        if self.came:
            raise KeyboardInterrupt

    def _interrupt(self, *_: object) -> None:
        first, self.came = not self.came, True
        if first and not self._deferred:
            raise KeyboardInterrupt


def _start(node: LifecycleNode, interruption: Interruption) -> bool:
    if node.trigger_configure() != TransitionCallbackReturn.SUCCESS:
        return False
    with interruption.deferred():
        return node.trigger_activate() == TransitionCallbackReturn.SUCCESS
