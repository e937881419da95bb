# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A thread that processes captions in order, and keeps running when one fails."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

from mmser_ros.core.errors import MmserError, format_error
from mmser_ros.msg import SceneCaption
from mmser_ros.nodes.memory.statistics import MemoryStatistics

QUEUE = 50
"""Maximum captions in the queue; the oldest one is dropped for a new one."""


class MemoryWorker:
    """Calls `observe` for each caption, one after the other, between `start` and `stop`.

    Args:
        observe: adds a caption; the second argument is its time of arrival (monotonic, seconds). It
            raises MmserError if it fails, with a `reason` for the statistics.
        statistics: of captions.
        warn: logs why a caption was dropped.
    """

    def __init__(
        self,
        observe: Callable[[SceneCaption, float], None],
        statistics: MemoryStatistics,
        warn: Callable[[str], None],
    ) -> None:
        self._observe, self._statistics, self._warn = observe, statistics, warn
        self._waiting: deque[tuple[SceneCaption, float]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._open = False

    @property
    def stopping(self) -> bool:
        """Whether the worker stops, so that nothing should wait."""
        return not self._open

    def start(self) -> None:
        """Start the thread, and accept captions."""
        self._statistics.start()
        self._open = True
        self._thread = threading.Thread(target=self._work, name="memory")
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after the current caption; drop the queue."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        while self._waiting:
            self._waiting.popleft()
            self._statistics.dropped("stopped", "the node was stopped")

    def offer(self, message: SceneCaption) -> None:
        """Add a caption to the queue; before `start`, ignore it."""
        with self._changed:
            if not self._open:
                return
            self._statistics.arrived()
            self._waiting.append((message, monotonic()))
            if len(self._waiting) > QUEUE:
                self._waiting.popleft()
                self._statistics.dropped("overrun", "captions come faster than they are remembered")
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or not self._open)
                if not self._open:
                    return
                message, received = self._waiting.popleft()
            try:
                self._observe(message, received)
            except Exception as error:  # one failed caption must not stop the next ones
                reason = "refused" if isinstance(error, MmserError) else "error"
                reason = getattr(error, "reason", reason)
                self._statistics.dropped(reason, str(error) or type(error).__name__)
                self._warn(f"a caption is not remembered: {format_error(error)}")
            else:
                self._statistics.observed()
