# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Draw explanations: a heat map over the image for each word."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mmser_ros.visualization.caption_overlay import PAPER, draw_caption

if TYPE_CHECKING:
    from mmser_ros.captioner.grounding import Explanation
    from mmser_ros.core.types import Region

TILE, COLUMNS = 160, 6
"""Width of a tile in pixels, and number of tiles per row."""


def draw_explanation(image: np.ndarray, title: str, explanation: Explanation) -> np.ndarray:
    """Draw an image, then a heat map over it for each word, and a title; as MM-SeR's figure 5.

    Args:
        image: (height, width, 3) uint8 RGB, the explained image.
        title: usually the caption.
        explanation: its words and maps.

    Returns:
        uint8 RGB, 960 pixels wide.
    """
    size = (TILE, max(1, round(TILE * image.shape[0] / image.shape[1])))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    view, scale = explanation.view, TILE / image.shape[1]
    tiles = [draw_caption(small, "")]
    for word, heat in zip(explanation.words, explanation.maps, strict=True):
        tiles.append(draw_caption(_with_heat(small, heat, view, scale), word))
    height = max(map(len, tiles))
    page = np.full((height * math.ceil(len(tiles) / COLUMNS), TILE * COLUMNS, 3), PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, COLUMNS)
        page[row * height :, column * TILE :][: len(tile), :TILE] = tile
    return draw_caption(page, title)


def _with_heat(small: np.ndarray, heat: np.ndarray, view: Region, scale: float) -> np.ndarray:
    light = np.zeros(small.shape[:2], np.uint8)
    left, top = round(view.x * scale), round(view.y * scale)
    right, bottom = round((view.x + view.width) * scale), round((view.y + view.height) * scale)
    seen = light[top : max(bottom, top + 1), left : max(right, left + 1)]
    seen[:] = cv2.resize((255 * heat / heat.max()).astype(np.uint8), seen.shape[::-1])
    glow = cv2.cvtColor(cv2.applyColorMap(light, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    return cv2.addWeighted(small, 0.5, glow, 0.5, 0)
