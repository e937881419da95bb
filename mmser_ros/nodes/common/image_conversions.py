# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Image messages to arrays, checked before anything is read."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import UnidentifiedImageError
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mmser_ros.core.errors import MmserError

# encoding → (channels, bytes a channel, OpenCV conversion to RGB)
# OpenCV names a Bayer pattern by the second row's second and third pixel, ROS by the first row's
# first two, so the names differ: ROS's rggb is OpenCV's BG.
ENCODINGS: dict[str, tuple[int, int, int | None]] = {
    "rgb8": (3, 1, None),
    "bgr8": (3, 1, cv2.COLOR_BGR2RGB),
    "rgba8": (4, 1, cv2.COLOR_RGBA2RGB),
    "bgra8": (4, 1, cv2.COLOR_BGRA2RGB),
    "mono8": (1, 1, cv2.COLOR_GRAY2RGB),
    "8UC1": (1, 1, cv2.COLOR_GRAY2RGB),
    "8UC3": (3, 1, cv2.COLOR_BGR2RGB),
    "8UC4": (4, 1, cv2.COLOR_BGRA2RGB),
    "rgb16": (3, 2, None),
    "bgr16": (3, 2, cv2.COLOR_BGR2RGB),
    "rgba16": (4, 2, cv2.COLOR_RGBA2RGB),
    "bgra16": (4, 2, cv2.COLOR_BGRA2RGB),
    "mono16": (1, 2, cv2.COLOR_GRAY2RGB),
    "16UC1": (1, 2, cv2.COLOR_GRAY2RGB),
    "yuv422": (2, 1, cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": (2, 1, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": (2, 1, cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": (2, 1, cv2.COLOR_YUV2RGB_YUY2),
    "bayer_rggb8": (1, 1, cv2.COLOR_BAYER_BG2RGB),
    "bayer_bggr8": (1, 1, cv2.COLOR_BAYER_RG2RGB),
    "bayer_gbrg8": (1, 1, cv2.COLOR_BAYER_GR2RGB),
    "bayer_grbg8": (1, 1, cv2.COLOR_BAYER_GB2RGB),
    "bayer_rggb16": (1, 2, cv2.COLOR_BAYER_BG2RGB),
    "bayer_bggr16": (1, 2, cv2.COLOR_BAYER_RG2RGB),
    "bayer_gbrg16": (1, 2, cv2.COLOR_BAYER_GR2RGB),
    "bayer_grbg16": (1, 2, cv2.COLOR_BAYER_GB2RGB),
}
# encoding → OpenCV conversion; a plane of brightness, and below it colours at half its resolution
PLANAR: dict[str, int] = {
    "nv12": cv2.COLOR_YUV2RGB_NV12,
    "nv21": cv2.COLOR_YUV2RGB_NV21,
    "yuv420p": cv2.COLOR_YUV2RGB_I420,
}
SHARED_COLOURS = ("yuv422", "uyvy", "yuv422_yuy2", "yuyv")
STRETCHED = ("mono16", "16UC1")
OUTLIERS = 1000
"""Of so many pixels one may be darker, one brighter than the range that is stretched."""
SMALLEST_BAYER = 4
LARGEST = 100_000_000
"""Pixels; a larger image is an error, not an allocation."""
REASONS = (
    *("empty", "unknown_encoding", "bad_size", "bad_step", "short_data", "big_endian"),
    "undecodable",
)


class ImageError(MmserError):
    """An image message that can't be read.

    Attributes:
        reason: one of REASONS, for counting.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def to_rgb(message: Image) -> np.ndarray:
    """The image of a raw image message as (height, width, 3) uint8 RGB.

    Rows may be padded (`step`); the last row's padding may be missing. mono16 and 16UC1 have no
    fixed range (10 bits of a sensor, depth, thermal) and are stretched to theirs, but for a pixel
    in a thousand at each end. Colours of 16 bits are taken to have as many as the brightest takes:
    8, 10, 12, 14 or 16.

    Raises:
        ImageError: the message is malformed; `reason` says how.
    """
    if message.encoding in PLANAR:
        return _planar_to_rgb(message)
    if message.encoding not in ENCODINGS:
        known = ", ".join([*ENCODINGS, *PLANAR])
        raise ImageError("unknown_encoding", f"encoding {message.encoding!r}; expected {known}")
    channels, depth, conversion = ENCODINGS[message.encoding]
    rows = checked_rows(message, channels, depth)
    if depth == 2:  # noqa: PLR2004
        values = np.ascontiguousarray(rows).view("<u2")
        rows = _stretch(values) if message.encoding in STRETCHED else _reduce(values)
    pixels = rows.reshape(message.height, message.width, channels) if channels > 1 else rows
    if conversion is None:
        return np.array(pixels)
    return cv2.cvtColor(np.ascontiguousarray(pixels), conversion)


def checked_rows(message: Image, channels: int, depth: int, planes: float = 1.0) -> np.ndarray:
    """The rows of a raw image without their padding.

    They are (height * planes, width * channels * depth) uint8.

    Args:
        message: whose encoding has that many channels, with `depth` bytes each.
        channels: of a pixel.
        depth: bytes.
        planes: how many times as many rows as `height` says the data have.

    Raises:
        ImageError: `empty`, `big_endian`, `bad_size`, `bad_step` or `short_data`.
    """
    height, width, step = message.height, message.width, message.step
    if height == 0 or width == 0 or len(message.data) == 0:
        text = f"an image of {width}x{height} with {len(message.data)} bytes; expected pixels"
        raise ImageError("empty", text)
    if depth > 1 and message.is_bigendian:
        text = f"{message.encoding} in big-endian order; expected little-endian: set is_bigendian=0"
        raise ImageError("big_endian", text)
    _check_size(message.encoding, height, width)
    row = width * channels * depth
    if step < row or step % depth:
        text = f"step {step} for {width}x{height} {message.encoding}; expected at least {row}"
        raise ImageError("bad_step", text)
    height = int(height * planes)
    needed = step * (height - 1) + row
    if len(message.data) < needed:
        text = f"{len(message.data)} bytes for {width}x{message.height} {message.encoding} at step "
        text += f"{step}; expected {needed}"
        raise ImageError("short_data", text)
    flat = np.frombuffer(message.data, np.uint8, count=needed)
    return np.lib.stride_tricks.as_strided(flat, (height, row), (step, 1), writeable=False)


def compressed_to_rgb(message: CompressedImage) -> np.ndarray:
    """The image of a compressed message (jpeg or png) as (height, width, 3) uint8 RGB.

    What the data is counts, not what `format` says. EXIF rotation is not applied: a camera's
    pixels are as the camera frame has them. 16-bit images lose their low byte.

    Raises:
        ImageError: `empty`, `bad_size` or `undecodable`.
    """
    if len(message.data) == 0:
        raise ImageError("empty", f"a compressed image ({message.format!r}) without data")
    return cv2.cvtColor(decode(memoryview(message.data), message.format), cv2.COLOR_BGR2RGB)


def decode(data: memoryview, kind: str, *, colour: bool = True) -> np.ndarray:
    """The image in the bytes of a jpeg or png.

    Args:
        data: not empty.
        kind: what the bytes are said to be, for messages.
        colour: whether as (height, width, 3) uint8 BGR, else with the channels and depth it has.

    Raises:
        ImageError: `bad_size` or `undecodable`.
    """
    try:  # the size first, from the file's head: a few kilobytes can claim gigabytes of pixels
        with Picture.open(BytesIO(data), formats=("JPEG", "PNG")) as head:
            width, height = head.size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        text = f"{len(data)} bytes said to be {kind!r}; expected jpeg or png"
        raise ImageError("undecodable", text) from error
    except Picture.DecompressionBombError as error:
        raise ImageError("bad_size", f"{kind!r} data: {error}") from error
    if width * height > LARGEST:
        text = f"{kind!r} data of {width}x{height}; expected at most {LARGEST} pixels"
        raise ImageError("bad_size", text)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION if colour else cv2.IMREAD_UNCHANGED
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageError("undecodable", f"{kind!r} data: {error}") from error
    if decoded is None:
        text = f"{kind!r} data of {width}x{height}, damaged; expected a whole image"
        raise ImageError("undecodable", text)
    return decoded


def from_rgb(image: np.ndarray, header: Header) -> Image:
    """A raw rgb8 message of a (height, width, 3) uint8 image."""
    height, width = image.shape[:2]
    return Image(
        header=header,
        height=height,
        width=width,
        encoding="rgb8",
        step=3 * width,
        data=np.ascontiguousarray(image).tobytes(),
    )


def _check_size(encoding: str, height: int, width: int) -> None:
    if height * width > LARGEST:
        expected = f"at most {LARGEST} pixels"
    elif encoding in SHARED_COLOURS and width % 2:
        expected = "an even width: pixels share colours"
    elif encoding in PLANAR and (width % 2 or height % 2):
        expected = "an even width and height: pixels share colours"
    elif encoding.startswith("bayer") and min(height, width) < SMALLEST_BAYER:
        expected = f"at least {SMALLEST_BAYER}x{SMALLEST_BAYER} to read colours"
    else:
        return
    raise ImageError("bad_size", f"{encoding} of {width}x{height}; expected {expected}")


def _planar_to_rgb(message: Image) -> np.ndarray:
    rows = checked_rows(message, 1, 1, planes=1.5)
    if message.encoding == "yuv420p":  # two planes of colours, whose rows are half as long
        height, width, step = message.height, message.width, message.step
        flat = np.frombuffer(message.data, np.uint8)[step * height :]
        if step % 2 or len(flat) < step // 2 * (height - 1) + width // 2:
            text = f"{len(message.data)} bytes for {width}x{height} yuv420p at step {step}; "
            raise ImageError("bad_step", text + "expected an even step and whole planes")
        shape, strides = (height, width // 2), (step // 2, 1)
        colours = np.lib.stride_tricks.as_strided(flat, shape, strides, writeable=False)
        rows = np.concatenate([rows[:height].ravel(), colours.ravel()]).reshape(rows.shape)
    return cv2.cvtColor(np.ascontiguousarray(rows), PLANAR[message.encoding])


def _stretch(values: np.ndarray) -> np.ndarray:
    """16-bit values to 8 bits, their range to the whole of it."""
    outliers = values.size // OUTLIERS
    ordered = np.partition(values, (outliers, values.size - 1 - outliers), axis=None)
    low, high = (int(ordered[one]) for one in (outliers, values.size - 1 - outliers))
    above = np.clip(values, low, high) - np.uint16(low)
    return (above.astype(np.float32) * (255.0 / max(1, high - low))).astype(np.uint8)


def _reduce(values: np.ndarray) -> np.ndarray:
    """16-bit values to 8 bits: the highest of those that the greatest value takes."""
    bits = next(one for one in (8, 10, 12, 14, 16) if int(values.max()) < 1 << one)
    return (values >> (bits - 8)).astype(np.uint8)
