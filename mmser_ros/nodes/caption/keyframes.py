# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Skip images that show nothing new."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 32
JUMP = 1.0
"""Seconds that a stamp may lie before the last one; more means another time line."""


class KeyframeGate:
    """Lets an image pass if it differs enough from the last one that was kept.

    The difference is the mean absolute difference of 32x32 grey thumbnails, 0 (equal) to 1 (black
    against white). Sensor noise gives about 0.01, a person walking through 0.03, another room 0.2.
    """

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._passed: np.ndarray | None = None
        self._stamp = 0.0

    def passes(self, image: np.ndarray, stamp: float, threshold: float) -> bool:
        """Whether to caption an image; call `keep` when it has its caption.

        Args:
            image: (height, width, 3) uint8.
            stamp: of the image, in seconds; if it jumps back (a bag loops, simulation time is
                reset) the gate forgets what it knew.
            threshold: 0 lets everything pass.
        """
        if stamp < self._stamp - JUMP:
            self._last = None
        self._stamp = stamp
        if threshold <= 0:
            self._passed = None
            return True
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._last is not None and np.abs(small - self._last).mean() / 255.0 < threshold:
            return False
        self._passed = small
        return True

    def keep(self) -> None:
        """From now on compare with the image that passed last."""
        self._last = self._passed
