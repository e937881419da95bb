# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The room that a person would say a view shows; None if the view does not tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mmser_ros.core.types import Camera, Pose
from mmser_ros.simulation.home.floor_plan import FloorPlan
from mmser_ros.simulation.home.ground_truth import GroundTruth
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.views import camera_axes

TYPICAL: dict[str, tuple[str, ...]] = {
    "kitchen": ("stove", "refrigerator", "counter", "sink", "microwave"),
    "bedroom": ("bed", "nightstand", "wardrobe", "dresser"),
    "bathroom": ("toilet", "bathtub", "sink", "towel"),
    "living room": ("sofa", "television", "coffee table", "armchair", "tv stand"),
    "office": ("desk", "office chair", "printer", "monitor"),
    "dining room": ("table", "chair"),
    "laundry room": ("washing machine",),
    "hallway": ("door", "coat rack", "bench"),
}
"""What tells the room."""
EVIDENT = 0.02
"""Share of the image that these must cover."""
INSIDE = 0.5
"""Least share of the image's columns whose line of sight ends in the room."""


def evident_room(home: Home, truth: GroundTruth, camera: Camera, pose: Pose) -> str | None:
    """The room of a view.

    A person names the room that the camera is in if most of the image shows it and if it holds
    something typical that is seen, such as a bed. A view through a door tells no room.
    """
    origin, axes = camera_axes(camera, pose)
    room = home.plan.room_at(float(origin[0]), float(origin[1]))
    if room is None or share_inside(home.plan, room, camera, origin, axes) < INSIDE:
        return None
    name = home.plan.rooms[room].name
    numbers = {one.number: one.pixels for one in truth.objects}
    ours = [
        pixels
        for number, pixels in numbers.items()
        if home.objects[number].name in TYPICAL[name] and _belongs(home, number, room)
    ]
    return name if sum(ours) >= EVIDENT * camera.width * camera.height else None


def share_inside(
    plan: FloorPlan, room: int, camera: Camera, origin: np.ndarray, axes: np.ndarray
) -> float:
    """Share of the image's columns whose line of sight does not leave a room by a door."""
    columns = (np.arange(0.5, 32) / 32 * camera.width - camera.cx) / camera.fx
    rays = columns[:, None] * axes[:2, 0] + axes[:2, 2]
    inside = [not _leaves(plan, room, origin[:2], ray) for ray in rays]
    return sum(inside) / len(inside)


def _belongs(home: Home, number: int, room: int) -> bool:
    """Whether an object is in a room; a door is in both."""
    one = home.objects[number]
    if one.name != "door":
        return one.room == room
    near = [math.hypot(*(np.subtract(o.centre(), (one.low + one.high)[:2] / 2)))
            for o in home.plan.openings_of(room) if o.kind == "door"]  # fmt: skip
    return bool(near) and min(near) < 1.2


def _leaves(plan: FloorPlan, room: int, at: np.ndarray, ray: Sequence[float]) -> bool:
    x0, y0, x1, y1 = (getattr(plan.rooms[room], key) for key in ("x0", "y0", "x1", "y1"))
    with np.errstate(divide="ignore"):
        across = ((x1 if ray[0] > 0 else x0) - at[0]) / ray[0] if ray[0] else math.inf
        up = ((y1 if ray[1] > 0 else y0) - at[1]) / ray[1] if ray[1] else math.inf
    far = min(across, up)
    x, y = at[0] + far * ray[0], at[1] + far * ray[1]
    for one in plan.openings_of(room):
        if one.kind == "window":
            continue
        along, off = (x, y) if one.along_x else (y, x)
        if abs(off - one.line) < 1e-6 and one.low <= along <= one.high:
            return True
    return False
