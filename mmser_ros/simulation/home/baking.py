# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of floors with soft shadows and sunlight in them: they cost nothing to render."""

from __future__ import annotations

import math

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from mmser_ros.simulation.home.floor_plan import Room
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.materials import picture
from mmser_ros.simulation.home.textures import SIZE

PIXELS = 72
"""For each metre."""
PERIOD = {"planks": 1.1, "tiles": 0.8, "carpet": 0.7, "marble": 1.6, "plaster": 1.5,
          "wallpaper": 0.9, "brick": 0.9}  # fmt: skip
"""Metres after which a texture repeats, by stuff."""
REACH = 0.6
"""Height in metres above which a part casts no shadow on the floor."""


def floor_picture(home: Home, number: int) -> np.ndarray:
    """The floor of a room, (rows, columns, 3) uint8; its rows go along y."""
    room, style = home.plan.rooms[number], home.styles[number]
    columns, rows = (round((b - a) * PIXELS) for a, b in ((room.x0, room.x1), (room.y0, room.y1)))
    period = PERIOD[style.floor.split("/")[0]] * PIXELS
    texture = picture(style.floor, style.texture).astype(np.float64)
    at_row = (np.arange(rows) / period * SIZE).astype(int) % SIZE
    at_column = (np.arange(columns) / period * SIZE).astype(int) % SIZE
    light = 1 - 0.55 * _shadows(home, number, (rows, columns))
    light *= _near_walls(rows)[:, None] * _near_walls(columns)[None]
    bright = light[..., None] * (1 + 0.55 * _sunlight(home, number, (rows, columns)))
    return np.clip(texture[at_row][:, at_column] * bright, 0, 255).astype(np.uint8)


def _near_walls(count: int) -> np.ndarray:
    metres = np.minimum(np.arange(count), np.arange(count)[::-1]) / PIXELS
    return 1 - 0.3 * np.exp(-metres / 0.22)


def _shadows(home: Home, number: int, shape: tuple[int, int]) -> np.ndarray:
    room, dark = home.plan.rooms[number], np.zeros(shape)
    for one in home.objects:
        if one.room != number or one.name == "rug":
            continue
        for low, high in one.part_boxes:
            if 0 <= low[2] < REACH:
                a, b = _pixels(room, low[:2]), _pixels(room, high[:2])
                box = np.s_[max(a[1], 0) : b[1] + 1, max(a[0], 0) : b[0] + 1]
                dark[box] = np.maximum(dark[box], 1 - low[2] / REACH)
    return 0.6 * gaussian_filter(dark, 0.07 * PIXELS) + 0.4 * gaussian_filter(dark, 0.2 * PIXELS)


def _pixels(room: Room, point: np.ndarray) -> tuple[int, int]:
    return round((point[0] - room.x0) * PIXELS), round((point[1] - room.y0) * PIXELS)


def _sunlight(home: Home, number: int, shape: tuple[int, int]) -> np.ndarray:
    """(rows, columns, 1 or 3): the patches of sunlight that fall through windows."""
    room, patch = home.plan.rooms[number], np.zeros(shape)
    random = np.random.default_rng(home.seed)
    azimuth, steep = random.uniform(0, 2 * math.pi), random.uniform(0.8, 1.6)
    ray = np.array([math.cos(azimuth), math.sin(azimuth)])
    for one in home.plan.openings_of(number):
        middle = np.array([room.x0 + room.x1, room.y0 + room.y1]) / 2
        inward = (middle - one.centre())[1 if one.along_x else 0]
        if one.kind != "window" or ray[1 if one.along_x else 0] * inward <= 0.2:
            continue
        corners = []
        for along, z in (
            (one.low, one.bottom),
            (one.high, one.bottom),
            (one.high, one.top),
            (one.low, one.top),
        ):
            start = np.array([along, one.line] if one.along_x else [one.line, along])
            corners.append(_pixels(room, start + ray * z / steep))
        cv2.fillPoly(patch, [np.array(corners, np.int32)], 1.0)
    warm = np.array([1.0, 0.92, 0.7])
    return gaussian_filter(patch, 0.03 * PIXELS)[..., None] * warm * max(0.0, home.daylight - 0.4)
