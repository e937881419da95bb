# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A queue of one between the camera and the model: the newest frame wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any


@dataclass(frozen=True)
class Frame:
    """An image message and when it came.

    Attributes:
        message: the message, not yet decoded.
        received: seconds of the monotonic clock.
    """

    message: Any
    received: float = field(default_factory=monotonic)


class NewestFrame:
    """Holds the newest frame until a worker takes it; one that is replaced is dropped.

    Args:
        on_drop: called with the reason of each drop: `overrun` (the model was busy), `rate`
            (it waited for its next slot) or `shutdown`.
    """

    def __init__(self, on_drop: Callable[[str], None]) -> None:
        self._on_drop = on_drop
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._waiting_for_slot = False
        self._closed = False

    def put(self, frame: Frame) -> None:
        """Offer a frame; never blocks for longer than a swap."""
        with self._changed:
            if self._closed:
                self._on_drop("shutdown")
                return
            if self._frame is not None:
                self._on_drop("rate" if self._waiting_for_slot else "overrun")
            self._frame = frame
            self._changed.notify()

    def take(self, not_before: float = 0.0) -> Frame | None:
        """Wait for a frame and for a moment of the monotonic clock, then take the newest frame.

        Returns:
            The frame, or None once the queue is closed.
        """
        with self._changed:
            while not self._closed:
                early = not_before - monotonic()
                if self._frame is not None and early <= 0:
                    frame, self._frame = self._frame, None
                    self._waiting_for_slot = False
                    return frame
                self._waiting_for_slot = early > 0
                self._changed.wait(early if early > 0 else None)
            return None

    def close(self) -> None:
        """Wake the worker with None; a frame that was waiting is dropped."""
        with self._changed:
            self._closed = True
            if self._frame is not None:
                self._on_drop("shutdown")
                self._frame = None
            self._changed.notify_all()
