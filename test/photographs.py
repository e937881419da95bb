# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Photographs that every installation has: those of scikit-image."""

from pathlib import Path

import cv2
import numpy as np
import skimage

from mmser_ros.core.images import load_picture


def photograph(name):
    return load_picture(Path(skimage.__path__[0]) / "data" / name)


def cat_and_cup():
    """A grey image (480, 640, 3) with a cat at the top left and a cup at the bottom right."""
    image = np.full((480, 640, 3), 128, np.uint8)
    image[:180, :240] = cv2.resize(photograph("chelsea.png"), (240, 180))
    image[-180:, -240:] = cv2.resize(photograph("coffee.png"), (240, 180))
    return image
