# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth images: to metres, and the one of a caption's stamp."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
from sensor_msgs.msg import Image

from mmser_ros.nodes.images import ImageError, checked_rows
from mmser_ros.nodes.memory_conversions import SECOND, nanoseconds

ENCODINGS = {"32FC1": ("<f4", 1.0), "16UC1": ("<u2", 1e-3), "mono16": ("<u2", 1e-3)}
"""Type of a pixel and how many metres its unit is, as REP 118 has it; some drivers say mono16."""


def to_metres(message: Image) -> np.ndarray:
    """Depth as (height, width) float32 metres; what is unknown stays 0, NaN or infinite.

    Raises:
        ImageError: the message is malformed, or no depth image.
    """
    if message.encoding not in ENCODINGS:
        text = f"depth of encoding {message.encoding!r}; expected {', '.join(ENCODINGS)}"
        raise ImageError("unknown_encoding", text)
    kind, unit = ENCODINGS[message.encoding]
    rows = checked_rows(message, 1, np.dtype(kind).itemsize)
    return np.ascontiguousarray(rows).view(kind).astype(np.float32) * np.float32(unit)


class DepthBuffer:
    """The depth images of the last moments. Thread-safe.

    Args:
        size: images to keep.
    """

    def __init__(self, size: int) -> None:
        self._images: deque[tuple[int, Image]] = deque(maxlen=size)
        self._changed = threading.Condition()

    def add(self, message: Image) -> None:
        """Keep an image."""
        with self._changed:
            self._images.append((nanoseconds(message.header.stamp), message))
            self._changed.notify_all()

    def at(self, stamp: int, slop: float, timeout: float) -> Image | None:
        """The image nearest to a stamp (nanoseconds), at most `slop` seconds from it, if any.

        Args:
            stamp: of the caption.
            slop: in seconds.
            timeout: seconds to wait for it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._nearest(stamp, slop) is not None, timeout)
            return self._nearest(stamp, slop)

    def _nearest(self, stamp: int, slop: float) -> Image | None:
        near = [
            (abs(at - stamp), number)
            for number, (at, _) in enumerate(self._images)
            if abs(at - stamp) <= slop * SECOND
        ]
        return self._images[min(near)[1]][1] if near else None
