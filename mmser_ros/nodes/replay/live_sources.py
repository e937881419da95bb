# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cameras as sources of replay_node: a device of this machine, or a stream of the network."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from urllib.parse import urlsplit

import cv2
import numpy as np

from mmser_ros.core.errors import MmserError

DEVICE = re.compile(r"/dev/video\d+")
SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "http", "https", "udp"})
TIMEOUT = 10_000
"""Milliseconds that opening a stream, or its next image, may take."""
RETRY = 2.0
"""Seconds until a camera that has stopped is opened again."""


class CameraError(MmserError):
    """A camera that can't be opened."""


def is_camera(source: str) -> bool:
    """Whether a source is a device (/dev/video0) or a stream (rtsp://…), and no file."""
    return bool(DEVICE.fullmatch(source)) or urlsplit(source).scheme in SCHEMES


class Camera:
    """A camera that OpenCV can open; its newest image counts, what nobody took is let go.

    Args:
        source: /dev/videoN, or the URL of a stream.
        on_bad: told when it has stopped, and is waited for.
    """

    def __init__(self, source: str, on_bad: Callable[[str], None]) -> None:
        self._source, self._on_bad = source, on_bad
        self._changed = threading.Condition()
        self._newest: tuple[float, np.ndarray] | None = None
        self._open = False

    def pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield moments (seconds of the monotonic clock) and (height, width, 3) uint8 RGB images.

        It goes on until it is closed: a camera that stops is opened again until it is back.

        Raises:
            CameraError: it can't be opened at all, or gives no image.
        """
        capture, seen = self._start(), False
        while True:
            self._open, self._newest = True, None
            reader = threading.Thread(target=self._read, args=(capture,), name="camera")
            reader.start()
            try:
                while (taken := self._take()) is not None:
                    seen = True
                    yield taken[0], cv2.cvtColor(taken[1], cv2.COLOR_BGR2RGB)
            finally:
                self._open = False
                reader.join()
            if not seen:
                msg = f"the camera {shown(self._source)} can be opened, but sends no image"
                raise CameraError(msg)
            capture = self._start_again()

    def _start(self) -> cv2.VideoCapture:
        device = DEVICE.fullmatch(self._source)
        if device:
            capture = cv2.VideoCapture(self._source, cv2.CAP_V4L2)
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
            capture = cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, [*limits, TIMEOUT])
        if not capture.isOpened():
            capture.release()
            cure = "does the address play elsewhere, such as in ffplay?"
            if device:
                cure = "is it plugged in (ls /dev/video*), may this user read it (group video), and"
                cure += " does no other program hold it?"
            msg = f"the camera {shown(self._source)} can't be opened by OpenCV; {cure}"
            raise CameraError(msg)
        return capture

    def _start_again(self) -> cv2.VideoCapture:
        text = f"the camera {shown(self._source)} has stopped; it is opened again until it is back"
        self._on_bad(text)
        while True:
            sleep(RETRY)
            try:
                return self._start()
            except CameraError:
                continue

    def _read(self, capture: cv2.VideoCapture) -> None:
        while self._open:
            there, picture = capture.read()
            with self._changed:
                if there:
                    self._newest = monotonic(), picture
                else:
                    self._open = False
                self._changed.notify_all()
        capture.release()

    def _take(self) -> tuple[float, np.ndarray] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or not self._open)
            taken, self._newest = self._newest, None
            return taken


def shown(source: str) -> str:
    """A source for messages: without a name and password that its URL may hold."""
    parts = urlsplit(source)
    if "@" not in parts.netloc:
        return source
    return parts._replace(netloc=f"…@{parts.netloc.rpartition('@')[2]}").geturl()
