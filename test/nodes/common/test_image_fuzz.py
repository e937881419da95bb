# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
from hypothesis import given, settings

from mmser_ros.nodes.common.image_conversions import REASONS, ImageError, compressed_to_rgb, to_rgb
from test.nodes.strategies import compressed_images, images


def check(decode, message):
    try:
        picture = decode(message)
    except ImageError as error:
        assert error.reason in REASONS
        return
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.dtype == np.uint8


@settings(max_examples=3000, deadline=None, derandomize=True)
@given(images)
def test_a_raw_image_is_a_picture_or_has_a_reason(message):
    check(to_rgb, message)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(compressed_images)
def test_a_compressed_image_is_a_picture_or_has_a_reason(message):
    check(compressed_to_rgb, message)
