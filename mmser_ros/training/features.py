# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frozen vision features: cached once for all epochs, or computed each time.

Each image is encoded as several *views*: itself, mirrored, then random crops that may be
mirrored. A cache is a folder with one .npy per level, (views, images, tokens, channels) in
float16, read through memory mapping.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from mmser_ros.captioner.config import VisionConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels, fit_square
from mmser_ros.data.datasets import PictureReader
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes

CHUNK = 32


def view(image: np.ndarray, index: int, picture: int) -> tuple[np.ndarray, bool]:
    """One view of an image, and whether it is mirrored.

    Args:
        image: (height, width, 3) uint8.
        index: 0 is the image itself, 1 its mirror image, from 2 on a random crop of at least
            three quarters of each side.
        picture: the image's number, which seeds the crop.
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
    """Which views are mirrored, (views, images) bool."""
    blank = np.zeros((4, 4, 3), np.uint8)
    return np.array([[view(blank, v, p)[1] for p in range(pictures)] for v in range(views)])


def squares(config: VisionConfig, image: np.ndarray, views: Sequence[int], number: int) -> Tensor:
    """Square pixels of an image's views, (views, 3, size, size) uint8.

    Args:
        config: configuration of the vision tower.
        image: (height, width, 3) uint8.
        views: indices of views, see `view`.
        number: number of the image.
    """
    seen = (np.ascontiguousarray(view(image, index, number)[0]) for index in views)
    some = [fit_square(one, config.image_size, config.fit) for one in seen]
    return torch.from_numpy(np.stack(some)).permute(0, 3, 1, 2)


def cache_features(
    specialist: Specialist, data: PictureReader, folder: Path, views: int, progress: Progress
) -> list[np.ndarray]:
    """Return memory-mapped features by level, and compute missing ones.

    After an interruption it continues where it stopped. All images must be readable. Each set of
    images, tower and number of views has its own cache in the folder.

    Returns:
        For each level an array (views, images, tokens, channels), float16.

    Raises:
        PictureError: an image can't be read.
    """
    vision = specialist.vision
    names = list(data.captions)
    key = json.dumps([asdict(vision.config), data.split, names, views])
    home = folder / f"{data.split}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    home.mkdir(parents=True, exist_ok=True)
    marker = home / "done.json"
    done = json.loads(marker.read_text())["pictures"] if marker.exists() else 0
    shapes = [
        (views, len(names), grid * grid, channels)
        for grid, channels in zip(vision.grids, vision.channels, strict=True)
    ]
    paths = [home / f"level{level}.npy" for level in vision.config.levels]
    levels = [
        open_memmap(path, "r+" if done else "w+", None if done else np.float16, shape)
        for path, shape in zip(paths, shapes, strict=True)
    ]
    for number, name in progress(
        enumerate(names[done:], start=done), "vision features", len(names) - done
    ):
        pixels = squares(vision.config, data.picture(name), range(views), number)
        encoded = specialist.encode(pixels.to(specialist.device))
        for store, features in zip(levels, encoded, strict=True):
            store[:, number] = features.half().cpu().numpy()
        if number % CHUNK == CHUNK - 1 or number == len(names) - 1:
            for store in levels:
                store.flush()
            fresh = marker.with_suffix(".new")
            fresh.write_text(json.dumps({"pictures": number + 1}))
            os.replace(fresh, marker)
    return [np.load(path, mmap_mode="r") for path in paths]


def features_of(
    specialist: Specialist,
    data: PictureReader,
    folder: Path | None,
    views: int,
    progress: Progress,
) -> CachedFeatures | FreshFeatures:
    """Features for training: from a cache that the main process fills.

    Without a folder they are computed each time. Arguments are those of `cache_features`.
    """
    if folder is None:
        return FreshFeatures(specialist, data)
    with processes().main_process_first():
        levels = cache_features(specialist, data, folder, views, progress)
    return CachedFeatures(levels, specialist.device)


@dataclass(frozen=True)
class CachedFeatures:
    """Features read from a cache.

    Attributes:
        levels: from `cache_features`.
        device: device of the returned features.
    """

    levels: Sequence[np.ndarray]
    device: torch.device

    def __call__(self, views: Sequence[int], pictures: Sequence[int]) -> Levels:
        """Levels (batch, tokens, channels) of these views of these images, float32."""
        chosen = list(zip(views, pictures, strict=True))
        return tuple(
            torch.from_numpy(np.stack([level[v, p] for v, p in chosen])).to(self.device).float()
            for level in self.levels
        )


@dataclass(frozen=True)
class FreshFeatures:
    """Features computed each time, for data whose cache would be too large.

    Attributes:
        specialist: its vision tower is used, on a GPU in bfloat16.
        data: the images.
    """

    specialist: Specialist
    data: PictureReader

    @cached_property
    def _names(self) -> list[str]:
        return list(self.data.captions)

    def __call__(self, views: Sequence[int], pictures: Sequence[int]) -> Levels:
        """Levels (batch, tokens, channels) of these views of these images, float32.

        Raises:
            PictureError: an image can no longer be read.
        """
        config, device = self.specialist.vision.config, self.specialist.device

        def pixels(view: int, number: int) -> Tensor:
            return squares(config, self.data.picture(self._names[number]), [view], number)

        with ThreadPoolExecutor() as pool:
            batch = torch.cat(list(pool.map(pixels, views, pictures))).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu"):
            return tuple(level.float() for level in self.specialist.encode(batch))
