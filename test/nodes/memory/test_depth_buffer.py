# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import threading
from time import monotonic

import numpy as np
import pytest
from sensor_msgs.msg import Image

from mmser_ros.nodes.common.image_conversions import ImageError
from mmser_ros.nodes.memory import depth_buffer
from mmser_ros.nodes.memory.depth_buffer import DepthBuffer, to_metres

METRES = np.array([[0.5, 1.0, 2.5], [0.0, 4.0, 6.5]])


def depth_image(encoding, pixels, padding=0, stamp=(0, 0), **fields):
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(pixels.shape[0], -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=255)
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding)
    message.step, message.data = rows.shape[1], rows.tobytes()
    message.header.stamp.sec, message.header.stamp.nanosec = stamp
    for name, value in fields.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize("padding", [0, 4])
@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("32FC1", METRES.astype("<f4")),
        ("16UC1", (1000 * METRES).astype("<u2")),
        ("mono16", (1000 * METRES).astype("<u2")),
    ],
)
def test_metres(encoding, pixels, padding):
    found = to_metres(depth_image(encoding, pixels, padding))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, METRES, rtol=1e-6)


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("unknown_encoding", {"encoding": "rgb8"}),
        ("short_data", {"data": b"\0"}),
        ("bad_step", {"step": 3}),
        ("big_endian", {"is_bigendian": 1}),
        ("empty", {"height": 0}),
    ],
)
def test_malformed_images(reason, fields):
    with pytest.raises(ImageError) as caught:
        to_metres(depth_image(**{"encoding": "32FC1", "pixels": METRES.astype("<f4"), **fields}))
    assert caught.value.reason == reason


def stamped(nanoseconds):
    return depth_image("32FC1", METRES.astype("<f4"), stamp=divmod(nanoseconds, 10**9))


def test_the_nearest_within_the_slop():
    buffer = DepthBuffer(10)
    images = {moment: stamped(moment) for moment in (10**9, 10**9 + 10_000_000)}
    for image in images.values():
        buffer.add(image)
    assert buffer.at(10**9 + 4_000_000, 0.02, 0.0) is images[10**9]
    assert buffer.at(10**9 + 6_000_000, 0.02, 0.0) is images[10**9 + 10_000_000]
    assert buffer.at(10**9 + 40_000_000, 0.02, 0.0) is None
    assert buffer.at(10**9 + 40_000_000, 0.03, 0.0) is images[10**9 + 10_000_000]


def test_it_waits_for_depth_that_comes():
    buffer, image = DepthBuffer(10), stamped(10**9)
    coming = threading.Timer(0.05, buffer.add, (image,))
    coming.start()
    assert buffer.at(10**9, 0.02, 30.0) is image
    coming.join()


def test_it_keeps_no_more_than_it_should():
    buffer = DepthBuffer(2)
    for seconds in (1, 2, 3):
        buffer.add(stamped(seconds * 10**9))
    assert buffer.at(10**9, 0.02, 0.0) is None
    assert buffer.at(2 * 10**9, 0.02, 0.0) is not None


def test_what_can_not_come_any_more_is_not_waited_for():
    buffer = DepthBuffer(10)
    buffer.add(stamped(5 * 10**9))
    begin = monotonic()
    assert buffer.at(4 * 10**9, 0.02, 60.0) is None  # later depth has come
    assert buffer.at(99 * 10**9, 0.02, 60.0) is None  # depth has stopped
    assert monotonic() - begin < 60.0


def test_large_images_are_kept_as_long_as_there_is_room(monkeypatch):
    one = stamped(10**9)
    monkeypatch.setattr(depth_buffer, "MAX_BYTES", 2 * len(one.data))
    buffer = DepthBuffer(10)
    for seconds in range(1, 6):
        buffer.add(stamped(seconds * 10**9))
    kept = [buffer.at(seconds * 10**9, 0.02, 0.0) is not None for seconds in range(1, 6)]
    assert kept == [False, False, False, True, True]
    monkeypatch.setattr(depth_buffer, "MAX_BYTES", 1)
    buffer.add(stamped(6 * 10**9))
    assert buffer.at(6 * 10**9, 0.02, 0.0) is not None
