# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a camera shows anything: not black, covered, over-exposed or frozen."""

from __future__ import annotations

from zlib import crc32

import cv2
import numpy as np

from mmser_ros.core.errors import MmserError

FINE, COARSE = (160, 120), (16, 12)
"""Columns and rows that an image's brightness is averaged to: to see texture, and to see through
noise."""
LIGHTER = 16.0
"""How much less texture and smooth shading count than what differs from part to part: noise is
texture, and what glows through a lens cap is smooth."""
BLACK, WHITE = 24.0, 232.0
"""Mean brightness (0 to 255) up to which an image is called black, and from which over-exposed."""
REPEATS = 5
"""Images that are the same to the byte, at least, before a camera counts as frozen."""

_x, _y = np.meshgrid(*(np.linspace(-1.0, 1.0, side) for side in COARSE))
_SMOOTH, _ = np.linalg.qr(
    np.stack([np.ones_like(_x), _x, _y, _x * _x, _x * _y, _y * _y], axis=-1).reshape(-1, 6)
)
"""Orthonormal columns that span the smooth (quadratic) shadings of the coarse grid."""


class NoViewError(MmserError):
    """An image that shows nothing."""


def contrast(image: np.ndarray) -> float:
    """How much an image shows, 0 (nothing) to about 0.5.

    The standard deviation of brightness, as a share of white: of 16x12 parts of the image,
    without smooth shading and what noise explains; or a sixteenth of that of 160x120 parts, if that
    is more. Photographs have 0.02 to 0.2, and a twentieth of it in the dark; what is black 0.001.

    Args:
        image: (height, width, 3) uint8 RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    fine = cv2.resize(grey, FINE, interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.resize(fine, COARSE, interpolation=cv2.INTER_AREA).ravel()
    deviations = coarse - coarse.mean()
    total, parts = float(fine.var()), float(coarse.var())
    smooth = float(np.square(_SMOOTH.T @ deviations).sum()) / coarse.size
    noise = (total - parts) * coarse.size / fine.size
    return max(parts - smooth - noise, total / LIGHTER**2) ** 0.5 / 255.0


def check_view(image: np.ndarray, least: float) -> None:
    """Refuse an image that shows nothing.

    Args:
        image: (height, width, 3) uint8 RGB.
        least: contrast that it needs; 0 lets everything pass.

    Raises:
        NoViewError: it has less.
    """
    if least <= 0 or (found := contrast(image)) >= least:
        return
    mean = float(image.mean())
    kind, cure = "without content", "is the lens covered, is it out of focus?"
    if mean <= BLACK:
        kind, cure = "black", "is the lens covered, is there light?"
    elif mean >= WHITE:
        kind, cure = "over-exposed", "lower the exposure"
    msg = f"the image is {kind} (contrast {found:.4f}, expected at least min_view {least:g}): "
    raise NoViewError(msg + cure)


class FrozenCamera:
    """Notices a camera that sends one image again and again, same to the byte.

    A real one never does: its pixels are noisy.
    """

    def __init__(self) -> None:
        self._checksum = -1
        self._since = 0.0
        self._repeats = 0

    def check(self, data: bytes | memoryview, now: float, longest: float) -> None:
        """Look at the next image.

        Args:
            data: its bytes, encoded as they came.
            now: when it came, in seconds.
            longest: seconds that one image may be sent again; 0: for ever.

        Raises:
            NoViewError: it has been sent for longer.
        """
        checksum = crc32(data)
        if checksum != self._checksum:
            self._checksum, self._since, self._repeats = checksum, now, 0
            return
        self._repeats += 1
        same = now - self._since
        if self._repeats >= REPEATS and same > longest > 0:
            msg = f"the camera is frozen: it sends the same image, byte for byte, for {same:.1f} s"
            msg += f" (frozen_after is {longest:g} s): start its driver again; of an image that "
            raise NoViewError(msg + "stands still by design set frozen_after: 0.0")
