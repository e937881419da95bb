# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is true of a view: visible objects, how much of each is hidden, relations, the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from mmser_ros.core.types import Camera, Pose, Region
from mmser_ros.simulation.home.home import Home, HomeObject
from mmser_ros.simulation.home.mujoco_gl import mujoco
from mmser_ros.simulation.home.relations import (
    Relation,
    gap_between,
    home_relations,
    stands_on_floor,
)
from mmser_ros.simulation.home.scene import Scene
from mmser_ros.simulation.home.views import FARTHEST, camera_axes

SMALLEST = 24
"""Pixels from which an object counts as visible."""
NEAR = 0.05
"""Metres before the camera where outlines are cut."""
BEHIND, ALONGSIDE, NEIGHBOURS = 0.4, 0.6, 1.2
"""Metres: difference in depth for "behind"; its limit for "left of"; gap between the two."""


@dataclass(frozen=True)
class VisibleObject:
    """An object in a view.

    Attributes:
        number: in `Home.objects`.
        name: the word for it.
        colour: of its main part.
        material: such as "wooden", if a person would say it.
        region: of what is visible of it.
        pixels: number of its pixels that are visible.
        hidden: share of its outline in the image that other things hide, 0 to 1.
        depth: of its middle along the optical axis, in metres.
    """

    number: int
    name: str
    colour: str
    material: str | None
    region: Region
    pixels: int
    hidden: float
    depth: float


@dataclass(frozen=True)
class GroundTruth:
    """What is true of a view.

    Attributes:
        room: the word for the room that the camera is in; None outdoors.
        objects: those that are visible, the largest first.
        relations: between them; "left of" and "behind" are as the camera sees it.
    """

    room: str | None
    objects: tuple[VisibleObject, ...]
    relations: tuple[Relation, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as values for JSON."""
        return {
            "room": self.room,
            "objects": [asdict(one) for one in self.objects],
            "relations": [one._asdict() for one in self.relations],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GroundTruth:
        """What `as_dict` gave; further values are ignored."""
        objects = [one | {"region": Region(**one["region"])} for one in values["objects"]]
        relations = [Relation(**one) for one in values["relations"]]
        return cls(values["room"], tuple(VisibleObject(**one) for one in objects), tuple(relations))


class Truth:
    """Ground truth of views of one home."""

    def __init__(self, home: Home) -> None:
        self.home, self.relations = home, home_relations(home)

    def of(self, camera: Camera, pose: Pose, numbers: np.ndarray) -> GroundTruth:
        """Describe a view.

        Args:
            camera: of the robot.
            pose: of the robot.
            numbers: (height, width) object of each pixel: of `Viewer.numbers` or `cast_rays`.
        """
        origin, axes = camera_axes(camera, pose)
        found, counts = np.unique(numbers, return_counts=True)
        visible = []
        for number, count in zip(found.tolist(), counts.tolist(), strict=True):
            if number >= 0 and count >= SMALLEST:
                one = self.home.objects[number]
                region = _region(numbers == number)
                whole = outline_mask(one, camera, origin, axes).sum()
                hidden = max(0.0, 1 - count / max(1, whole))
                middle = (one.low + one.high) / 2 - origin
                visible.append(
                    VisibleObject(
                        number, one.name, one.colour, one.material_word, region, count,
                        round(float(hidden), 3), round(float(middle @ axes[:, 2]), 3),
                    )
                )  # fmt: skip
        visible.sort(key=lambda one: -one.pixels)
        room = self.home.plan.room_at(float(origin[0]), float(origin[1]))
        seen = {one.number for one in visible}
        relations = [one for one in self.relations if {one.subject, one.object} <= seen]
        relations += self._by_view(visible)
        name = None if room is None else self.home.plan.rooms[room].name
        return GroundTruth(name, tuple(visible), tuple(relations))

    def _by_view(self, visible: list[VisibleObject]) -> list[Relation]:
        relations = []
        for a in visible:
            for b in visible:
                first, second = self.home.objects[a.number], self.home.objects[b.number]
                both = stands_on_floor(first) and stands_on_floor(second)
                if a is b or not both or first.room != second.room:
                    continue
                if gap_between(first, second) > NEIGHBOURS:
                    continue
                if a.depth - b.depth > BEHIND and _shared_columns(a.region, b.region) > 0.5:
                    relations.append(Relation(a.number, "behind", b.number))
                apart = a.region.x + a.region.width <= b.region.x + 0.1 * b.region.width
                if apart and abs(a.depth - b.depth) < ALONGSIDE:
                    relations.append(Relation(a.number, "left of", b.number))
        return relations


def outline_mask(
    one: HomeObject, camera: Camera, origin: np.ndarray, axes: np.ndarray
) -> np.ndarray:
    """(height, width) bool: the pixels of an object if nothing hid it, from its parts' hulls."""
    mask = np.zeros((camera.height, camera.width), bool)
    for part in one.parts:
        points = (part.outline() - origin) @ axes
        if (points[:, 2] < NEAR).all():
            continue
        points[:, 2] = np.maximum(points[:, 2], NEAR)
        x = camera.cx + camera.fx * points[:, 0] / points[:, 2] - 0.5
        y = camera.cy + camera.fy * points[:, 1] / points[:, 2] - 0.5
        _fill(mask, np.stack([x, y], axis=-1).astype(np.float32))
    return mask


def _fill(mask: np.ndarray, points: np.ndarray) -> None:
    """Set the pixels whose centres lie in the convex hull of points (N, 2)."""
    low = np.clip(np.ceil(points.min(0)), 0, mask.shape[::-1]).astype(int)
    high = np.clip(np.floor(points.max(0)) + 1, 0, mask.shape[::-1]).astype(int)
    if (low >= high).any():
        return
    hull = cv2.convexHull(points)[:, 0]
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
    inside = np.ones(x.shape, bool)
    turning = np.sign(cv2.contourArea(hull, oriented=True)) or 1.0
    for (x0, y0), (x1, y1) in zip(hull, np.roll(hull, -1, 0), strict=True):
        inside &= turning * ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) >= 0
    mask[low[1] : high[1], low[0] : high[0]] |= inside


def cast_rays(scene: Scene, camera: Camera, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """What `Viewer` gives, without a GL library and slower: objects, and depth.

    Returns:
        (height, width) int32 numbers of objects, and (height, width) float32 depth in metres.
    """
    origin, axes = camera_axes(camera, pose)
    rows, columns = np.mgrid[: camera.height, : camera.width] + 0.5
    rays = np.stack(
        [(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy, np.ones(rows.shape)],
        axis=-1,
    ).reshape(-1, 3)
    lengths = np.linalg.norm(rays, axis=1)
    directions = (rays / lengths[:, None]) @ axes.T
    data = mujoco.MjData(scene.model)
    mujoco.mj_forward(scene.model, data)
    geoms = np.full(len(rays), -1, np.int32)
    far = np.zeros(len(rays))
    mujoco.mj_multiRay(
        scene.model, data, origin, directions.ravel(), None, 1, -1, geoms, far, None, len(rays),
        FARTHEST * 2,
    )  # fmt: skip
    shape = (camera.height, camera.width)
    depth = np.where(geoms >= 0, far / lengths, 0.0).astype(np.float32).reshape(shape)
    depth[depth >= FARTHEST] = 0
    numbers = np.where(geoms >= 0, scene.numbers[geoms], -1).astype(np.int32)
    return numbers.reshape(shape), depth


def _region(mask: np.ndarray) -> Region:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return Region(
        float(columns[0]), float(rows[0]), float(columns[-1] - columns[0] + 1),
        float(rows[-1] - rows[0] + 1),
    )  # fmt: skip


def _shared_columns(a: Region, b: Region) -> float:
    low, high = max(a.x, b.x), min(a.x + a.width, b.x + b.width)
    return max(0.0, high - low) / min(a.width, b.width)
