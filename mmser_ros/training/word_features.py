# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Features of the views of all pictures of some sets, computed once; a killed run goes on.

Each set has a folder of two files, read through memory mapping: `pooled.npy` (pictures, views,
features), for the word detector, and `glance.npy` (pictures, views, tokens, channels), for the
language model, of those views that it learns from; both float16.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from mmser_ros.captioner.concepts import pool
from mmser_ros.captioner.looks import AT_ONCE, to_pixels
from mmser_ros.captioner.specialist import Specialist
from mmser_ros.data.picture_sets import PictureSet
from mmser_ros.pictures import PictureError
from mmser_ros.training.picture_views import GLANCED, VIEWS, is_mirrored, square_view
from mmser_ros.training.pictures import Progress
from mmser_ros.training.processes import processes

CHUNK = 64
"""Pictures between two savings."""


@dataclass(frozen=True)
class StoredViews:
    """Features of the views of one set's pictures.

    Attributes:
        pooled: (pictures, views, features) float16, see `concepts.pool`.
        glance: (pictures, views, tokens, channels) float16 of the glance's level, of the views
            GLANCED; None where no language model learns from them.
        lost: numbers of pictures that can't be read: their features are 0.
    """

    pooled: np.ndarray
    glance: np.ndarray | None
    lost: frozenset[int]


def store_views(
    specialist: Specialist,
    key: str,
    picture: Callable[[int], np.ndarray],
    count: int,
    folder: Path,
    progress: Progress,
    *,
    views: Sequence[int] = range(VIEWS),
    glances: bool = True,
) -> StoredViews:
    """Compute what is not there yet.

    Args:
        specialist: whose vision tower to use.
        key: says which pictures these are, for the folder's name: another key, another folder.
        picture: number → (height, width, 3) uint8; it may raise a PictureError.
        count: how many pictures there are.
        folder: where folders lie.
        progress: wraps an iterable with a description and a total.
        views: which, see `picture_views.square_view`.
        glances: whether to keep the glance's level of the views GLANCED, too.
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
        shapes["glance"] = (count, len(GLANCED), vision.grids[0] ** 2, vision.channels[0])
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
        for number in progress(todo, f"views of {key.partition(' ')[0]}", len(todo)):
            try:
                image = picture(number)
            except PictureError:
                lost.append(number)
            else:
                for name, values in _encode(specialist, image, views, number, glances).items():
                    stores[name][number] = values
            if number % CHUNK == CHUNK - 1 or number == count - 1:
                for store in stores.values():
                    store.flush()
                fresh = marker.with_suffix(".new")
                fresh.write_text(json.dumps({"pictures": number + 1, "lost": lost}))
                os.replace(fresh, marker)
    stored = {name: np.load(home / f"{name}.npy", mmap_mode="r") for name in shapes}
    return StoredViews(stored["pooled"], stored.get("glance"), frozenset(lost))


def _encode(
    specialist: Specialist, image: np.ndarray, views: Sequence[int], number: int, glances: bool
) -> dict[str, np.ndarray]:
    config = specialist.vision.config
    squares = [square_view(config, image, view, number) for view in views]
    pixels = to_pixels(squares).to(specialist.device)
    parts = [specialist.encode(some) for some in pixels.split(AT_ONCE)]
    levels = [torch.cat(some).float() for some in zip(*parts, strict=True)]
    found = {"pooled": pool(levels)}
    if glances:
        found["glance"] = levels[0][[list(views).index(view) for view in GLANCED]]
    return {name: values.half().cpu().numpy() for name, values in found.items()}


class ViewFeatures:
    """Features of the pictures of several stores, which are numbered through."""

    def __init__(self, stores: Sequence[StoredViews], specialist: Specialist) -> None:
        """Take the stores in the order of the numbers, and whose classes a detector reads."""
        self._stores = list(stores)
        self._ends = np.cumsum([len(one.pooled) for one in stores])
        self._specialist = specialist

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def readable(self) -> np.ndarray:
        """(pictures,) bool, those that could be read."""
        kept = [
            [number not in one.lost for number in range(len(one.pooled))] for one in self._stores
        ]
        return np.array([readable for some in kept for readable in some], bool)

    def pooled(self, pictures: Sequence[int], views: Sequence[int]) -> tuple[Tensor, Tensor | None]:
        """What a detector reads of a view of each picture, see `WordDetector.forward`.

        A picture with fewer views has the first again and again.
        """
        rows = []
        for number, view in zip(pictures, views, strict=True):
            store, place = self._find(number)
            rows.append(store.pooled[place, view % store.pooled.shape[1]])
        pooled = torch.from_numpy(np.stack(rows)).to(self._specialist.device).float()
        vision = self._specialist.vision
        if not vision.classes:
            return pooled, None
        with torch.no_grad():
            return pooled, vision.classify(pooled[:, : vision.channels[0]])

    def glance(self, pictures: Sequence[int], views: Sequence[int]) -> Tensor:
        """The glance's level (batch, tokens, channels) of a view, of GLANCED, of each picture."""
        rows = []
        for number, view in zip(pictures, views, strict=True):
            store, place = self._find(number)
            assert store.glance is not None
            rows.append(store.glance[place, GLANCED.index(view)])
        return torch.from_numpy(np.stack(rows)).to(self._specialist.device).float()

    def mirrored(self, pictures: Sequence[int], views: Sequence[int]) -> list[bool]:
        """Whether these views of these pictures are mirrored."""
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
    sets: Sequence[PictureSet],
    folder: Path,
    progress: Progress,
    *,
    glances: bool = True,
) -> list[StoredViews]:
    """Features of all pictures of sets, one store a set; arguments as in `store_views`."""
    stores = []
    with processes().main_process_first():
        for one in sets:
            names = list(one.examples)
            key = f"{one.name} {one.split} {json.dumps(names)}"
            picture = _reader(one, names)
            stores.append(
                store_views(specialist, key, picture, len(names), folder, progress, glances=glances)
            )
    return stores


def _reader(pictures: PictureSet, names: Sequence[str]) -> Callable[[int], np.ndarray]:
    return lambda number: pictures.picture(names[number])
