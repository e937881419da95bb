# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cached features of views of the pictures of sets; a killed run resumes.

Each set has a folder with memory-mapped files: `pooled.npy` (pictures, views,
features), for the word detector, and `glance.npy` (pictures, views, tokens, channels), for the
language model, of the views in TRAIN_VIEWS. With an object tower there is `objects.npy` (pictures,
classes). All are float16.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from mmser_ros.captioner.model.concept_detector import pool
from mmser_ros.captioner.model.object_tower import CLASSES
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import fit_square
from mmser_ros.captioner.passes import to_pixels
from mmser_ros.core.images import PictureError
from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.words.encoders import Encoders
from mmser_ros.training.words.views import TRAIN_VIEWS, VIEWS, is_mirrored, square_view

CHUNK = 64
"""Pictures between two saves."""
AHEAD = 8
"""Pictures that are prepared ahead."""


@dataclass(frozen=True)
class StoredViews:
    """Features of the views of one set's pictures.

    Attributes:
        pooled: (pictures, views, features) float16, see `concept_detector.pool`.
        glance: (pictures, views, tokens, channels) float16 of the glance's level, of the views
            TRAIN_VIEWS; None if no language model is trained on them.
        objects: (pictures, classes) float16, log odds of the object tower; None without one.
        lost: numbers of unreadable pictures; their features are 0.
    """

    pooled: np.ndarray
    glance: np.ndarray | None
    lost: frozenset[int]
    objects: np.ndarray | None = None


def store_views(
    specialist: Specialist,
    encoders: Encoders,
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
        specialist: its towers are used.
        encoders: encode pixels, see `view_encoders`.
        key: identifies pictures and encoding; each key has its own folder.
        picture: number → (height, width, 3) uint8; it may raise a PictureError.
        count: number of pictures.
        folder: parent of the folders.
        progress: wraps an iterable with a description and a total.
        views: indices of views, see `views.square_view`.
        glances: whether to also store the glance's level of TRAIN_VIEWS.
    """
    vision = specialist.vision
    sources = [asdict(vision.config), key, count, list(views), glances]
    if specialist.config.objects:
        sources.append(asdict(specialist.config.objects))
    code = json.dumps(sources)
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
    if encoders.objects:
        shapes["objects"] = (count, CLASSES)
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
            ready = next(squares)
            if ready is None:
                lost.append(number)
            else:
                found = _encode(encoders, *ready, views, glances)
                for name, values in found.items():
                    stores[name][number] = values
            if number % CHUNK == CHUNK - 1 or number == count - 1:
                for store in stores.values():
                    store.flush()
                fresh = marker.with_suffix(".new")
                fresh.write_text(json.dumps({"pictures": number + 1, "lost": lost}))
                os.replace(fresh, marker)
    stored = {name: np.load(home / f"{name}.npy", mmap_mode="r") for name in shapes}
    return StoredViews(
        stored["pooled"], stored.get("glance"), frozenset(lost), stored.get("objects")
    )


def _prepared(
    specialist: Specialist,
    picture: Callable[[int], np.ndarray],
    views: Sequence[int],
    numbers: Sequence[int],
) -> Iterator[tuple[Tensor, Tensor | None] | None]:
    """Yield pixels of each picture; None if it is unreadable.

    They are (views, 3, size, size), and (1, 3, size, size) for the object tower, if there is one.
    """
    config, objects = specialist.vision.config, specialist.config.objects

    def prepare(number: int) -> tuple[Tensor, Tensor | None] | None:
        try:
            image = picture(number)
        except PictureError:
            return None
        squares = [square_view(config, image, view, number) for view in views]
        whole = None
        if objects:
            whole = to_pixels([fit_square(image, objects.image_size, config.fit)])
            whole = whole.to(specialist.device)
        return to_pixels(squares).to(specialist.device), whole

    with ThreadPoolExecutor(1) as pool:
        ahead = deque(pool.submit(prepare, number) for number in numbers[:AHEAD])
        for number in [*numbers[AHEAD:], *[None] * len(ahead)]:
            ready = ahead.popleft().result()
            if number is not None:
                ahead.append(pool.submit(prepare, number))
            yield ready


def _encode(
    encoders: Encoders, pixels: Tensor, whole: Tensor | None, views: Sequence[int], glances: bool
) -> dict[str, np.ndarray]:
    levels = [one.float() for one in encoders.levels(pixels)]
    found = {"pooled": pool(levels)}
    if glances:
        found["glance"] = levels[0][[list(views).index(view) for view in TRAIN_VIEWS]]
    if encoders.objects and whole is not None:
        found["objects"] = encoders.objects(whole)[0]
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

    def pooled(
        self, pictures: Sequence[int], views: Sequence[int]
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """A detector's input for a view of each picture, see `WordDetector.forward`.

        The views of a picture with fewer views repeat.
        """
        rows, objects = [], []
        for number, view in zip(pictures, views, strict=True):
            store, row = self._find(number)
            rows.append(store.pooled[row, view % store.pooled.shape[1]])
            if store.objects is not None:
                objects.append(store.objects[row])
        pooled, vision = self._floats(rows), self._specialist.vision
        classes = None
        if vision.classes:
            with torch.no_grad():
                classes = vision.classify(pooled[:, : vision.channels[0]])
        return pooled, classes, self._floats(objects) if objects else None

    def glance(self, pictures: Sequence[int], views: Sequence[int]) -> Tensor:
        """The glance's level (batch, tokens, channels) of one of TRAIN_VIEWS of each picture."""
        rows = []
        for number, view in zip(pictures, views, strict=True):
            store, row = self._find(number)
            assert store.glance is not None
            rows.append(store.glance[row, TRAIN_VIEWS.index(view)])
        return self._floats(rows)

    def mirrored(self, pictures: Sequence[int], views: Sequence[int]) -> list[bool]:
        """Which of these views are mirrored."""
        return [
            is_mirrored(view, self._find(number)[1])
            for number, view in zip(pictures, views, strict=True)
        ]

    def _floats(self, rows: Sequence[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(rows)).to(self._specialist.device).float()

    def _find(self, number: int) -> tuple[StoredViews, int]:
        index = int(np.searchsorted(self._ends, number, side="right"))
        store = self._stores[index]
        return store, number - int(self._ends[index]) + len(store.pooled)


def store_sets(
    specialist: Specialist,
    encoders: Encoders,
    sets: Sequence[PictureSet],
    precision: str,
    folder: Path,
    progress: Progress,
    *,
    views: Sequence[int] = range(VIEWS),
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
                    specialist,
                    encoders,
                    key,
                    picture,
                    len(names),
                    folder,
                    progress,
                    views=views,
                    glances=glances,
                )
            )
    return stores


def _reader(pictures: PictureSet, names: Sequence[str]) -> Callable[[int], np.ndarray]:
    return lambda number: pictures.picture(names[number])
