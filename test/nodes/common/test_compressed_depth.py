# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage

from mmser_ros.nodes.common.compressed_depth import compressed_to_metres
from mmser_ros.nodes.common.image_conversions import REASONS, ImageError


def packed(values, encoding="16UC1", a=0.0, b=0.0, how="compressedDepth png"):
    """What compressed_depth_image_transport sends of values that it has made."""
    data = struct.pack("<iff", 0, a, b) + cv2.imencode(".png", values)[1].tobytes()
    return CompressedImage(format=f"{encoding}; {how}", data=data)


@pytest.mark.parametrize("how", ["compressedDepth png", "compressedDepth"])
def test_millimetres(how):
    found = compressed_to_metres(packed(np.array([[0, 1500], [65535, 1]], np.uint16), how=how))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.0, 1.5], [65.535, 0.001]], rtol=1e-6)


def test_inverse_depth():
    metres = np.array([[0.5, 2.0], [8.0, 0.0]])
    a, b = 100.0 * 101.0, 1.0 - 101.0 / 10.0  # as the transport chooses them, up to 10 m
    values = np.where(metres > 0, a / np.maximum(metres, 0.1) + b, 0).round().astype(np.uint16)
    found = compressed_to_metres(packed(values, "32FC1", a, b))
    np.testing.assert_allclose(found, metres, rtol=0.01)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (packed(np.zeros((2, 2), np.uint16), how="compressedDepth rvl"), "unknown_encoding"),
        (packed(np.zeros((2, 2), np.uint16), "rgb8"), "unknown_encoding"),
        (CompressedImage(format="jpeg", data=b"x" * 40), "unknown_encoding"),
        (CompressedImage(format="16UC1; compressedDepth png"), "empty"),
        (CompressedImage(format="16UC1; compressedDepth png", data=b"x" * 40), "undecodable"),
        (packed(np.zeros((2, 2), np.uint8)), "undecodable"),
        (packed(np.zeros((2, 2, 3), np.uint16)), "undecodable"),
    ],
)
def test_what_is_malformed(message, reason):
    with pytest.raises(ImageError, match="expected") as raised:
        compressed_to_metres(message)
    assert raised.value.reason == reason


good = bytes(packed(np.arange(64, dtype=np.uint16).reshape(8, 8)).data)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    encoding=st.sampled_from(["16UC1", "32FC1"]),
    head=st.binary(min_size=12, max_size=12),
    rest=st.one_of(
        st.binary(max_size=60),
        st.integers(0, len(good) - 12).map(lambda length: good[12 : 12 + length]),
    ),
)
def test_any_bytes_are_depth_or_have_a_reason(encoding, head, rest):
    message = CompressedImage(format=f"{encoding}; compressedDepth png", data=head + rest)
    try:
        found = compressed_to_metres(message)
    except ImageError as error:
        assert error.reason in REASONS
        return
    assert (found.shape, found.dtype) == ((8, 8), np.float32)
    assert np.isfinite(found).all()
