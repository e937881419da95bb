# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth images in metres, and a buffer that finds the one at a stamp."""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic

import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from mmser_ros.core.types import SECOND
from mmser_ros.nodes.common.compressed_depth import compressed_to_metres
from mmser_ros.nodes.common.image_conversions import ImageError, checked_rows
from mmser_ros.nodes.common.scene_conversions import nanoseconds

ENCODINGS = {"32FC1": ("<f4", 1.0), "16UC1": ("<u2", 1e-3), "mono16": ("<u2", 1e-3)}
"""Pixel type and unit in metres, by REP 118; some drivers use mono16."""

MAX_BYTES = 256 * 1024 * 1024
"""Maximum bytes of depth images in the buffer."""
FIRST = 5.0
"""Seconds after the start during which the first depth image is waited for."""
LAG = 1.0
"""Maximum lag (seconds) of depth behind the image; with a larger lag, depth has stopped."""


def to_metres(message: Image) -> np.ndarray:
    """Convert depth to (height, width) float32 metres; unknown values stay 0, NaN or infinite.

    Raises:
        ImageError: the message is malformed, or no depth image.
    """
    if message.encoding not in ENCODINGS:
        text = f"depth of encoding {message.encoding!r}; expected {', '.join(ENCODINGS)}"
        raise ImageError("unknown_encoding", text)
    kind, unit = ENCODINGS[message.encoding]
    rows = checked_rows(message, 1, np.dtype(kind).itemsize)
    return np.ascontiguousarray(rows).view(kind).astype(np.float32) * np.float32(unit)


def read_depth(message: Image | CompressedImage) -> np.ndarray:
    """Convert a raw or compressed message to depth; see `to_metres`.

    Raises:
        ImageError: the message is malformed, or no depth image.
    """
    return to_metres(message) if isinstance(message, Image) else compressed_to_metres(message)


class DepthBuffer:
    """A buffer of the newest depth images. Thread-safe.

    Args:
        size: maximum number of images; they take at most MAX_BYTES bytes.
    """

    def __init__(self, size: int) -> None:
        self._size, self._bytes = size, 0
        self._images: deque[tuple[int, Image | CompressedImage]] = deque()
        self._changed = threading.Condition()
        self._first_deadline = monotonic() + FIRST

    def add(self, message: Image | CompressedImage) -> None:
        """Add an image."""
        with self._changed:
            self._images.append((nanoseconds(message.header.stamp), message))
            self._bytes += len(message.data)
            while len(self._images) > self._size or (
                self._bytes > MAX_BYTES and len(self._images) > 1
            ):
                self._bytes -= len(self._images.popleft()[1].data)
            self._changed.notify_all()

    def at(self, stamp: int, slop: float, timeout: float) -> Image | CompressedImage | None:
        """The image nearest to a stamp; None if there is none.

        Args:
            stamp: of the caption, in nanoseconds.
            slop: maximum difference of the stamps, in seconds.
            timeout: maximum seconds to wait. It waits only if the newest image is older than the
                stamp, and depth has not stopped.
        """

        def done() -> bool:
            return self._nearest(stamp, slop) is not None or not self._may_come(stamp, timeout)

        with self._changed:
            patience = timeout if self._images else min(timeout, self._first_deadline - monotonic())
            self._changed.wait_for(done, max(0.0, patience))
            return self._nearest(stamp, slop)

    def _may_come(self, stamp: int, timeout: float) -> bool:
        if not self._images:
            return True
        return 0 <= stamp - self._images[-1][0] <= max(timeout, LAG) * SECOND

    def _nearest(self, stamp: int, slop: float) -> Image | CompressedImage | None:
        near = [
            (abs(at - stamp), number)
            for number, (at, _) in enumerate(self._images)
            if abs(at - stamp) <= slop * SECOND
        ]
        return self._images[min(near)[1]][1] if near else None
