# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A cache of frozen vision features: computed once, read in every epoch.

Each picture is encoded as several *views*: itself, mirrored, then random crops that may be
mirrored. The cache is a folder of one .npy a level, (views, pictures, tokens, channels) in
float16, read through memory mapping.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap

from mmser_ros.captioner.specialist import Specialist
from mmser_ros.captioner.vision import fit_square
from mmser_ros.training.datasets import Flickr8k
from mmser_ros.training.pictures import Progress

CHUNK = 32


def view(image: np.ndarray, index: int, picture: int) -> tuple[np.ndarray, bool]:
    """One view of a picture and whether it is mirrored.

    Args:
        image: (height, width, 3) uint8.
        index: 0 is the picture itself, 1 its mirror image, from 2 on a random crop of at least
            three quarters of each side.
        picture: the picture's number, which seeds the crop.
    """
    if index < 2:  # noqa: PLR2004 - the two whole views
        return (image[:, ::-1] if index else image), bool(index)
    random = np.random.default_rng([index, picture])
    height, width = image.shape[:2]
    rows, columns = (int(side * random.uniform(0.75, 1.0)) for side in (height, width))
    top, left = random.integers(height - rows + 1), random.integers(width - columns + 1)
    crop = image[top : top + rows, left : left + columns]
    mirrored = bool(random.integers(2))
    return (crop[:, ::-1] if mirrored else crop), mirrored


def mirrored_views(views: int, pictures: int) -> np.ndarray:
    """Which views are mirrored, as (views, pictures) of bool."""
    blank = np.zeros((4, 4, 3), np.uint8)
    return np.array([[view(blank, v, p)[1] for p in range(pictures)] for v in range(views)])


def cache_features(
    specialist: Specialist, data: Flickr8k, folder: Path, views: int, progress: Progress
) -> list[np.ndarray]:
    """Return memory-mapped features by level, computing what is not there yet.

    Interrupted, it goes on where it stopped. Corrupt pictures have features of zero.

    Args:
        specialist: whose vision tower to use.
        data: the pictures.
        folder: where caches lie; each set of pictures, tower and views has its own.
        views: how many views of each picture.
        progress: wraps an iterable with a description and a total, as `rich` does.

    Returns:
        For each level an array (views, pictures, tokens, channels), float16.
    """
    vision = specialist.vision
    key = json.dumps([asdict(vision.config), data.split, list(data.captions), views])
    home = folder / f"{data.split}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    home.mkdir(parents=True, exist_ok=True)
    marker = home / "done.json"
    done = json.loads(marker.read_text())["pictures"] if marker.exists() else 0
    shapes = [
        (views, len(data.captions), grid * grid, channels)
        for grid, channels in zip(vision.grids, vision.channels, strict=True)
    ]
    paths = [home / f"level{level}.npy" for level in vision.config.levels]
    levels = [
        open_memmap(path, "r+" if done else "w+", None if done else np.float16, shape)
        for path, shape in zip(paths, shapes, strict=True)
    ]
    pictures = progress(data.pictures(skip=done), "vision features", len(data.captions) - done)
    for number, (_, image) in enumerate(pictures, start=done):
        if image is not None:
            squares = [
                fit_square(
                    np.ascontiguousarray(view(image, index, number)[0]),
                    vision.config.image_size,
                    vision.config.fit,
                )
                for index in range(views)
            ]
            pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2)
            for store, features in zip(levels, specialist.encode(pixels), strict=True):
                store[:, number] = features.half().numpy()
        if number % CHUNK == CHUNK - 1 or number == len(data.captions) - 1:
            for store in levels:
                store.flush()
            marker.write_text(json.dumps({"pictures": number + 1}))
    return [np.load(path, mmap_mode="r") for path in paths]
