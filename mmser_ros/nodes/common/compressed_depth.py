# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth as compressed_depth_image_transport packs it."""

from __future__ import annotations

import struct

import numpy as np
from sensor_msgs.msg import CompressedImage

from mmser_ros.nodes.common.image_conversions import ImageError, decode

HEAD = struct.Struct("<iff")
"""What comes before the PNG: the kind of compression, and two numbers of the inverse depth."""


def compressed_to_metres(message: CompressedImage) -> np.ndarray:
    """Depth as (height, width) float32 metres; what is unknown is 0.

    16UC1 is in millimetres. 32FC1 comes as inverse depth: `a / (value - b)` is in metres, with `a`
    and `b` from the head.

    Raises:
        ImageError: `empty`, `unknown_encoding`, `bad_size` or `undecodable`.
    """
    encoding, _, how = (one.strip() for one in message.format.partition(";"))
    if encoding not in {"16UC1", "32FC1"} or "rvl" in how or "compressedDepth" not in how:
        text = f"compressed depth of format {message.format!r}; expected '16UC1; compressedDepth "
        text += "png' or '32FC1; compressedDepth png': set the publisher's compressedDepth.format"
        raise ImageError("unknown_encoding", f"{text} to png")
    if len(message.data) <= HEAD.size:
        text = f"compressed depth of {len(message.data)} bytes; expected a head and a PNG"
        raise ImageError("empty", text)
    data = memoryview(message.data)
    values = decode(data[HEAD.size :], message.format, colour=False)
    if values.dtype != np.uint16 or values.ndim != 2:  # noqa: PLR2004
        text = f"compressed depth of {values.dtype} in shape {values.shape}; expected one channel "
        raise ImageError("undecodable", f"{text}of 16 bits")
    if encoding == "16UC1":
        return values.astype(np.float32) * np.float32(1e-3)
    _, a, b = HEAD.unpack(data[: HEAD.size])
    with np.errstate(divide="ignore", invalid="ignore"):
        metres = np.float32(a) / (values.astype(np.float32) - np.float32(b))
    return np.where(np.isfinite(metres) & (values > 0), metres, np.float32(0))
