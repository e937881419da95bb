# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest

from mmser_ros.core.images import load_picture
from mmser_ros.demo.gallery import VIEW, find_photographs
from mmser_ros.nodes.caption.parameters import CAPTION_PARAMETERS
from mmser_ros.nodes.caption.view import FrozenCamera, NoViewError, check_view, contrast

LEAST = next(one.default for one in CAPTION_PARAMETERS if one.name == "min_view")
Y, X = np.mgrid[0:480, 0:640]


def sensor(brightness, noise):
    """What a noisy sensor makes of some brightness, all over or pixel by pixel."""
    light = np.broadcast_to(np.asarray(brightness, float), (480, 640))
    grains = np.random.default_rng(0).normal(0.0, noise, (480, 640, 3))
    return np.clip(light[..., None] + grains, 0, 255).astype(np.uint8)


def jpeg(picture):
    return cv2.imdecode(cv2.imencode(".jpg", picture)[1], cv2.IMREAD_COLOR)


@pytest.fixture(scope="module", params=find_photographs(), ids=lambda path: path.stem)
def photograph(request):
    return cv2.resize(load_picture(request.param), VIEW)


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (sensor(0, 0), "black"),
        (sensor(4, 3), "black"),
        (sensor(4.5, 1), "black"),
        (sensor(10, 10), "black"),
        (jpeg(sensor(6, 6)), "black"),
        (sensor(5 + 5 * np.exp(-((X - 200) ** 2 + (Y - 150) ** 2) / 200_000), 2), "black"),
        (sensor(50, 8), "without content"),
        (sensor(255, 0), "over-exposed"),
        (sensor(254, 4), "over-exposed"),
        (np.zeros((1, 1, 3), np.uint8), "black"),
    ],
)
def test_what_shows_nothing(picture, kind):
    with pytest.raises(NoViewError, match=f"the image is {kind} .*expected at least min_view"):
        check_view(picture, LEAST)
    check_view(picture, 0.0)


def test_photographs_show_something_though_dark_blurred_or_noisy(photograph):
    dark = (photograph * 0.05).astype(np.uint8)
    seen = [
        photograph,
        dark,
        np.clip(photograph * 0.05 + sensor(0, 3), 0, 255).astype(np.uint8),
        cv2.GaussianBlur(photograph, (0, 0), 60.0),
        cv2.GaussianBlur(dark, (0, 0), 15.0),
        np.clip(photograph * 4.0, 0, 255).astype(np.uint8),
        cv2.resize(photograph, (32, 24)),
    ]
    assert [contrast(one) >= LEAST for one in seen] == [True] * len(seen)


def test_texture_is_a_view_though_each_part_is_as_bright(photograph):
    board = np.where((X // 20 + Y // 20) % 2, 200, 40).astype(np.uint8)
    check_view(np.repeat(board[..., None], 3, axis=2), LEAST)


def test_a_camera_is_frozen_after_a_while():
    frozen = FrozenCamera()
    for second in range(5):
        frozen.check(b"still", float(second), 3.0)  # too few to tell
    with pytest.raises(NoViewError, match=r"byte for byte, for 5\.0 s"):
        frozen.check(b"still", 5.0, 3.0)
    frozen.check(b"still", 6.0, 0.0)
    frozen.check(b"moved", 7.0, 3.0)
    frozen.check(b"still", 8.0, 3.0)
    for tenth in range(20):
        frozen.check(b"still", 8.1 + tenth / 10, 3.0)  # too short
