# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mmser_ros.nodes.common.image_conversions import (
    ENCODINGS,
    PLANAR,
    ImageError,
    compressed_to_rgb,
    from_rgb,
    to_rgb,
)
from test.nodes.conftest import make_compressed, make_image


def message(pixels, encoding, padding=0, **fields):
    """An image message of an array of rows, each padded with junk."""
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    height, width = pixels.shape[:2]
    return Image(
        height=height,
        width=width,
        encoding=encoding,
        step=padded.shape[1],
        data=padded.tobytes(),
        **fields,
    )


COLOURS = {
    **{"rgb8": "rgb", "bgr8": "bgr", "rgba8": "rgba", "bgra8": "bgra"},
    **{"8UC3": "bgr", "8UC4": "bgra"},  # as OpenCV holds them
}
DEEP_COLOURS = ("rgb16", "bgr16", "rgba16", "bgra16")
GREY, DEEP_GREY = ("mono8", "8UC1"), ("16UC1", "mono16")
YUV422 = {"yuv422": "uyvy", "uyvy": "uyvy", "yuv422_yuy2": "yuyv", "yuyv": "yuyv"}
PATTERNS = ("rggb", "bggr", "gbrg", "grbg")
BAYER = [f"bayer_{pattern}{bits}" for pattern in PATTERNS for bits in (8, 16)]
PLANES = ("nv12", "nv21", "yuv420p")


def test_every_encoding_has_a_test_of_its_pixels():
    tested = {*COLOURS, *DEEP_COLOURS, *GREY, *DEEP_GREY, *YUV422, *BAYER, *PLANES}
    assert tested == {*ENCODINGS, *PLANAR}


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


@pytest.mark.parametrize("padding", [0, 4])
@pytest.mark.parametrize(("encoding", "order"), COLOURS.items())
def test_colours_in_every_order(colours, encoding, order, padding):
    channels = {**dict(zip("rgb", np.moveaxis(colours, -1, 0), strict=True)), "a": colours[..., 0]}
    pixels = np.stack([channels[letter] for letter in order], axis=-1)
    np.testing.assert_array_equal(to_rgb(message(pixels, encoding, padding)), colours)


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("encoding", GREY)
def test_grey(colours, encoding, padding):
    grey = colours[..., 0]
    expected = np.stack([grey] * 3, axis=-1)
    np.testing.assert_array_equal(to_rgb(message(grey, encoding, padding)), expected)


@pytest.mark.parametrize("encoding", DEEP_GREY)
def test_what_has_no_fixed_range_is_stretched_to_its_own(encoding):
    depth = np.array([[500, 1000], [1500, 2500]], "<u2")
    assert to_rgb(message(depth, encoding))[..., 0].tolist() == [[0, 63], [127, 255]]
    assert to_rgb(message(np.full((2, 2), 9, "<u2"), encoding)).max() == 0


@pytest.mark.parametrize("encoding", DEEP_GREY)
def test_a_hot_pixel_does_not_darken_the_rest(encoding):
    view = np.linspace(100, 1100, 48 * 64).reshape(48, 64).astype("<u2")
    view[7, 7] = 65535
    rgb = to_rgb(message(view, encoding))
    assert (rgb[7, 7, 0], rgb[-1, -2, 0]) == (255, 255)
    assert int(rgb[24, 32, 0]) == pytest.approx(128, abs=3)


@pytest.mark.parametrize(("encoding", "order"), YUV422.items())
def test_yuv422(encoding, order):
    """Against ITU-R BT.601's own formula."""
    y, u, v = 120.0, 90.0, 200.0
    pair = bytes(int({"y": y, "u": u, "v": v}[letter]) for letter in order)
    pixels = np.frombuffer(pair * 6, np.uint8).reshape(2, 6, 2)
    light = 1.164 * (y - 16)
    expected = [
        light + 1.596 * (v - 128),
        light - 0.813 * (v - 128) - 0.391 * (u - 128),
        light + 2.018 * (u - 128),
    ]
    rgb = to_rgb(message(pixels, encoding))
    np.testing.assert_allclose(rgb[0, 0], np.clip(expected, 0, 255), atol=2)
    assert rgb.shape == (2, 6, 3)


@pytest.mark.parametrize("encoding", BAYER)
def test_bayer_patterns_as_ros_names_them(encoding):
    pattern, depth = encoding[6:10], int(encoding[10:])
    levels = {"r": 200, "g": 100, "b": 30}
    mosaic = np.zeros((8, 8), f"<u{depth // 8}")
    for place, letter in enumerate(pattern):
        mosaic[place // 2 :: 2, place % 2 :: 2] = levels[letter] << depth - 8
    assert to_rgb(message(mosaic, encoding))[4, 4].tolist() == [200, 100, 30]


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("encoding", DEEP_COLOURS)
def test_colours_of_16_bits_have_as_many_as_the_brightest_takes(colours, encoding, bits):
    colours[0, 0, 0] = 255
    order = [*encoding.removesuffix("16")]
    channels = dict(zip("rgb", np.moveaxis(colours, -1, 0), strict=True)) | {"a": colours[..., 1]}
    pixels = np.stack([channels[one] for one in order], axis=-1).astype("<u2") << bits - 8
    np.testing.assert_array_equal(to_rgb(message(pixels, encoding)), colours)


def planar(encoding, padding):
    """Two halves, grey and reddish, 8x6, as each encoding has them."""
    y = np.repeat(np.uint8([[120, 60]]), 4, axis=1).repeat(6, axis=0)
    u, v = (np.repeat(np.uint8([pair]), 2, axis=1).repeat(3, axis=0) for pair in PAIRS)
    if encoding == "yuv420p":
        planes = [np.pad(one, ((0, 0), (0, padding // 2)), constant_values=9) for one in (u, v)]
    else:
        pairs = np.stack([u, v] if encoding == "nv12" else [v, u], axis=-1).reshape(3, 8)
        planes = [np.pad(pairs, ((0, 0), (0, padding)), constant_values=9)]
    y = np.pad(y, ((0, 0), (0, padding)), constant_values=9)
    data = b"".join(one.tobytes() for one in (y, *planes))
    return Image(height=6, width=8, encoding=encoding, step=8 + padding, data=data)


PAIRS = ((128, 100), (128, 190))
"""Of U and V, on the left and on the right."""


@pytest.mark.parametrize("padding", [0, 4])
@pytest.mark.parametrize("encoding", PLANES)
def test_colours_in_planes_of_their_own(encoding, padding):
    """Against ITU-R BT.601's own formula."""
    rgb = to_rgb(planar(encoding, padding)).astype(float)
    assert rgb.shape == (6, 8, 3)
    for column, y, u, v in ((0, 120, 128, 128), (7, 60, 100, 190)):
        light = 1.164 * (y - 16)
        expected = [
            light + 1.596 * (v - 128),
            light - 0.813 * (v - 128) - 0.391 * (u - 128),
            light + 2.018 * (u - 128),
        ]
        for row in (0, 5):
            np.testing.assert_allclose(rgb[row, column], np.clip(expected, 0, 255), atol=2)


@pytest.mark.parametrize("encoding", PLANES)
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"width": 7}, "bad_size"),
        ({"height": 5}, "bad_size"),
        ({"height": 8}, "short_data"),
        ({"step": 7}, "bad_step"),
        ({"data": b""}, "empty"),
        ({"height": 2**31, "width": 2**31, "step": 2**32 - 1}, "bad_size"),
    ],
)
def test_planes_that_are_malformed(encoding, fields, reason):
    broken = planar(encoding, 0)
    for name, value in fields.items():
        setattr(broken, name, value)
    with pytest.raises(ImageError, match="expected") as raised:
        to_rgb(broken)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"encoding": "rgb9"}, "unknown_encoding"),
        ({"encoding": ""}, "unknown_encoding"),
        ({"step": 23}, "bad_step"),
        ({"step": 0}, "bad_step"),
        ({"data": b"\0" * 143}, "short_data"),
        ({"height": 7}, "short_data"),
        ({"height": 0}, "empty"),
        ({"width": 0}, "empty"),
        ({"data": b""}, "empty"),
        ({"encoding": "mono16", "is_bigendian": 1}, "big_endian"),
        ({"encoding": "yuv422", "width": 7}, "bad_size"),
        ({"encoding": "bayer_rggb8", "height": 3}, "bad_size"),
        ({"height": 2**31, "width": 2**31, "step": 2**32 - 1}, "bad_size"),
    ],
)
def test_malformed_images_have_a_reason(fields, reason):
    with pytest.raises(ImageError, match="expected") as raised:
        to_rgb(make_image(**fields))
    assert raised.value.reason == reason


def test_the_last_rows_padding_may_be_missing(colours):
    padded = message(colours, "rgb8", padding=5)
    padded.data = padded.data[:-5]
    np.testing.assert_array_equal(to_rgb(padded), colours)
    padded.data = padded.data[:-1]
    with pytest.raises(ImageError, match="bytes"):
        to_rgb(padded)


@pytest.mark.parametrize("endian", [0, 1])
def test_byte_order_means_nothing_to_bytes(colours, endian):
    np.testing.assert_array_equal(to_rgb(message(colours, "rgb8", is_bigendian=endian)), colours)


def test_every_encoding_gives_a_picture_of_its_own():
    for encoding, (channels, depth, _) in ENCODINGS.items():
        width = 8 * channels * depth
        image = make_image(encoding=encoding, step=width, data=bytes(6 * width))
        rgb = to_rgb(image)
        assert (rgb.shape, rgb.dtype) == ((6, 8, 3), np.uint8)
        rgb[:] = 1  # owned by us, not by the message


def test_the_readme_names_every_encoding():
    table = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `image` \(in\) .*$", table, re.MULTILINE)
    named = set(re.findall(r"\w+", row))
    for encoding in [*ENCODINGS, *PLANAR]:
        family = re.sub(r"(_[a-z]{4})?(8|16)$", "", encoding)  # bayer_rggb16: bayer
        assert {encoding, family} & named, encoding


def test_compressed_pictures(colours):
    np.testing.assert_array_equal(compressed_to_rgb(make_compressed(colours)), colours)
    smooth = cv2.resize(colours, (64, 48))
    jpeg = compressed_to_rgb(make_compressed(smooth, ".jpg"))
    assert np.abs(jpeg.astype(int) - smooth).mean() < 8
    grey = make_compressed(colours)
    grey.data = cv2.imencode(".png", colours[..., 0].astype(np.uint16) * 256)[1].tobytes()
    np.testing.assert_array_equal(compressed_to_rgb(grey)[..., 1], colours[..., 0])


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"not a jpeg", "undecodable"), (b"\xff\xd8", "undecodable")],
)
def test_what_is_no_compressed_picture(data, reason):
    with pytest.raises(ImageError) as raised:
        compressed_to_rgb(CompressedImage(format="jpeg", data=data))
    assert raised.value.reason == reason


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_001, 30_000])
def test_a_small_file_that_claims_a_huge_picture_is_not_decoded(side):
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + name + body
        data += struct.pack(">I", zlib.crc32(name + body))
    with pytest.raises(ImageError) as raised:
        compressed_to_rgb(CompressedImage(format="png", data=data))
    assert raised.value.reason == "bad_size"


@pytest.mark.parametrize("kind", [".png", ".jpg"])
def test_a_truncated_picture_is_no_picture(picture, kind):
    whole = make_compressed(picture, kind)
    whole.data = whole.data[: len(whole.data) * 2 // 3]
    with pytest.raises(ImageError, match="whole") as raised:
        compressed_to_rgb(whole)
    assert raised.value.reason == "undecodable"


def test_other_files_are_no_camera_pictures(picture):
    with pytest.raises(ImageError, match="expected jpeg or png"):
        compressed_to_rgb(make_compressed(picture, ".bmp"))


def test_round_trip(colours):
    image = from_rgb(colours, Header(frame_id="eye"))
    assert (image.header.frame_id, image.encoding, image.step) == ("eye", "rgb8", 24)
    np.testing.assert_array_equal(to_rgb(image), colours)
