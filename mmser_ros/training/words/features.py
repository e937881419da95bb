# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cached features of views of the pictures of sets; a killed run resumes.

Each set has a folder with two memory-mapped files: `pooled.npy` (pictures, views,
features), for the word detector, and `glance.npy` (pictures, views, tokens, channels), for the
language model, of the views in TRAIN_VIEWS; both float16.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from mmser_ros.captioner.model.concept_detector import pool
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels
from mmser_ros.captioner.passes import to_pixels
from mmser_ros.core.images import PictureError
from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.words.views import TRAIN_VIEWS, VIEWS, is_mirrored, square_view

CHUNK = 64
"""Pictures between two saves."""
AHEAD = 8
"""Pictures that are prepared ahead."""
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class StoredViews:
    """Features of the views of one set's pictures.

    Attributes:
        pooled: (pictures, views, features) float16, see `concept_detector.pool`.
        glance: (pictures, views, tokens, channels) float16 of the glance's level, of the views
            TRAIN_VIEWS; None if no language model is trained on them.
        lost: numbers of unreadable pictures; their features are 0.
    """

    pooled: np.ndarray
    glance: np.ndarray | None
    lost: frozenset[int]


Encode = Callable[[Tensor], Levels]
"""Pixels (batch, 3, size, size) uint8 → levels."""


def view_encoder(specialist: Specialist, precision: str, *, compiled: bool = False) -> Encode:
    """A function that encodes views.

    Args:
        specialist: its vision tower is used.
        precision: `float32` or `bfloat16`, which is twice as fast on processors that support it;
            pooled features differ by about 2 %.
        compiled: whether to use torch.compile.

    Raises:
        TrainingError: the precision is unknown.
    """
    if precision not in PRECISIONS:
        msg = f"words: precision is {precision!r}; expected one of {', '.join(PRECISIONS)}"
        raise TrainingError(msg)
    dtype = PRECISIONS[precision]
    tower = deepcopy(specialist.vision).to(dtype)
    forward = torch.compile(tower) if compiled else tower

    @torch.inference_mode()
    def encode(pixels: Tensor) -> Levels:
        return forward(tower.normalise(pixels).to(dtype))

    return encode


def store_views(
    specialist: Specialist,
    encode: Encode,
    key: str,
    picture: Callable[[int], np.ndarray],
    count: int,
    folder: Path,
    progress: Progress,
    *,
    views: Sequence[int] = range(VIEWS),
    glances: bool = True,
) -> StoredViews:
    """Compute missing features, and open them.

    Args:
        specialist: its vision tower is used.
        encode: encodes pixels, see `view_encoder`.
        key: identifies pictures and encoding; each key has its own folder.
        picture: number → (height, width, 3) uint8; it may raise a PictureError.
        count: number of pictures.
        folder: parent of the folders.
        progress: wraps an iterable with a description and a total.
        views: indices of views, see `views.square_view`.
        glances: whether to also store the glance's level of TRAIN_VIEWS.
    """
    vision = specialist.vision
    code = json.dumps([asdict(vision.config), key, count, list(views), glances])
    home = folder / f"{key.partition(' ')[0]}-{hashlib.sha256(code.encode()).hexdigest()[:12]}"
    home.mkdir(parents=True, exist_ok=True)
    marker = home / "done.json"
    state: dict[str, Any] = {"pictures": 0, "lost": []}
    if marker.exists():
        state = json.loads(marker.read_text())
    done, lost = int(state["pictures"]), list(state["lost"])
    shapes: dict[str, tuple[int, ...]] = {"pooled": (count, len(views), 2 * sum(vision.channels))}
    if glances:
        shapes["glance"] = (count, len(TRAIN_VIEWS), vision.grids[0] ** 2, vision.channels[0])
    if done < count:
        stores = {
            name: open_memmap(
                home / f"{name}.npy",
                "r+" if done else "w+",
                None if done else np.float16,
                None if done else shape,
            )
            for name, shape in shapes.items()
        }
        todo = range(done, count)
        squares = _prepared(specialist, picture, views, todo)
        for number in progress(todo, f"views of {key.partition(' ')[0]}", len(todo)):
            pixels = next(squares)
            if pixels is None:
                lost.append(number)
            else:
                found = _encode(encode, pixels.to(specialist.device), views, glances)
                for name, values in found.items():
                    stores[name][number] = values
            if number % CHUNK == CHUNK - 1 or number == count - 1:
                for store in stores.values():
                    store.flush()
                fresh = marker.with_suffix(".new")
                fresh.write_text(json.dumps({"pictures": number + 1, "lost": lost}))
                os.replace(fresh, marker)
    stored = {name: np.load(home / f"{name}.npy", mmap_mode="r") for name in shapes}
    return StoredViews(stored["pooled"], stored.get("glance"), frozenset(lost))


def _prepared(
    specialist: Specialist,
    picture: Callable[[int], np.ndarray],
    views: Sequence[int],
    numbers: Sequence[int],
) -> Iterator[Tensor | None]:
    """Yield pixels (views, 3, size, size) of each picture; None if it is unreadable."""
    config = specialist.vision.config

    def prepare(number: int) -> Tensor | None:
        try:
            image = picture(number)
        except PictureError:
            return None
        return to_pixels([square_view(config, image, view, number) for view in views])

    with ThreadPoolExecutor(1) as pool:
        ahead = deque(pool.submit(prepare, number) for number in numbers[:AHEAD])
        for number in [*numbers[AHEAD:], *[None] * len(ahead)]:
            ready = ahead.popleft().result()
            if number is not None:
                ahead.append(pool.submit(prepare, number))
            yield ready


def _encode(
    encode: Encode, pixels: Tensor, views: Sequence[int], glances: bool
) -> dict[str, np.ndarray]:
    levels = [one.float() for one in encode(pixels)]
    found = {"pooled": pool(levels)}
    if glances:
        found["glance"] = levels[0][[list(views).index(view) for view in TRAIN_VIEWS]]
    return {name: values.half().cpu().numpy() for name, values in found.items()}


class ViewFeatures:
    """Features of several stores; pictures are numbered consecutively."""

    def __init__(self, stores: Sequence[StoredViews], specialist: Specialist) -> None:
        """Join the stores; the specialist's tower gives the classes that a detector reads."""
        self._stores = list(stores)
        self._ends = np.cumsum([len(one.pooled) for one in stores])
        self._specialist = specialist

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def readable(self) -> np.ndarray:
        """(pictures,) bool, which pictures were readable."""
        kept = [
            [number not in one.lost for number in range(len(one.pooled))] for one in self._stores
        ]
        return np.array([readable for some in kept for readable in some], bool)

    def pooled(self, pictures: Sequence[int], views: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """A detector's input for a view of each picture, see `WordDetector.forward`.

        The views of a picture with fewer views repeat.
        """
        rows = []
        for number, view in zip(pictures, views, strict=True):
            store, row = self._find(number)
            rows.append(store.pooled[row, view % store.pooled.shape[1]])
        pooled = torch.from_numpy(np.stack(rows)).to(self._specialist.device).float()
        vision = self._specialist.vision
        if not vision.classes:
            return pooled, None
        with torch.no_grad():
            return pooled, vision.classify(pooled[:, : vision.channels[0]])

    def glance(self, pictures: Sequence[int], views: Sequence[int]) -> Tensor:
        """The glance's level (batch, tokens, channels) of one of TRAIN_VIEWS of each picture."""
        rows = []
        for number, view in zip(pictures, views, strict=True):
            store, row = self._find(number)
            assert store.glance is not None
            rows.append(store.glance[row, TRAIN_VIEWS.index(view)])
        return torch.from_numpy(np.stack(rows)).to(self._specialist.device).float()

    def mirrored(self, pictures: Sequence[int], views: Sequence[int]) -> list[bool]:
        """Which of these views are mirrored."""
        return [
            is_mirrored(view, self._find(number)[1])
            for number, view in zip(pictures, views, strict=True)
        ]

    def _find(self, number: int) -> tuple[StoredViews, int]:
        index = int(np.searchsorted(self._ends, number, side="right"))
        store = self._stores[index]
        return store, number - int(self._ends[index]) + len(store.pooled)


def store_sets(
    specialist: Specialist,
    encode: Encode,
    sets: Sequence[PictureSet],
    precision: str,
    folder: Path,
    progress: Progress,
    *,
    glances: bool = True,
) -> list[StoredViews]:
    """Features of all pictures of sets, one store per set; arguments as in `store_views`."""
    stores = []
    with processes().main_process_first():
        for one in sets:
            names = list(one.examples)
            key = f"{one.name} {one.split} {precision} {json.dumps(names)}"
            picture = _reader(one, names)
            stores.append(
                store_views(
                    specialist, encode, key, picture, len(names), folder, progress, glances=glances
                )
            )
    return stores


def _reader(pictures: PictureSet, names: Sequence[str]) -> Callable[[int], np.ndarray]:
    return lambda number: pictures.picture(names[number])
