# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A simulated house: rooms, walls, furniture, small objects, and a camera with occlusion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import networkx as nx
import numpy as np

from mmser_ros.core.geometry import rotation_matrix
from mmser_ros.core.types import Camera, DepthGrid, Pose

WALL, DOOR, HEIGHT = 0.1, 1.1, 2.5
"""Metres: thickness of walls, width of doors, height of walls."""
HALL = (0.0, 4.0, 12.0, 5.6)
"""x0, y0, x1, y1 of the hallway; all rooms have a door to it."""
FLOOR = {
    "hallway": HALL,
    "kitchen": (0.0, 5.6, 4.0, 10.0),
    "living room": (4.0, 5.6, 8.8, 10.0),
    "office": (8.8, 5.6, 12.0, 10.0),
    "bedroom": (0.0, 0.0, 4.0, 4.0),
    "bathroom": (4.0, 0.0, 6.6, 4.0),
    "bedroom 2": (6.6, 0.0, 10.0, 4.0),
    "laundry room": (10.0, 0.0, 12.0, 4.0),
}
SIZES = {
    "refrigerator": (0.7, 0.7, 1.8), "stove": (0.6, 0.6, 0.9), "sink": (0.6, 0.5, 0.9),
    "table": (1.2, 0.8, 0.75), "chair": (0.45, 0.45, 0.9), "sofa": (1.8, 0.8, 0.8),
    "television": (1.0, 0.3, 1.0), "bookshelf": (0.9, 0.35, 1.8), "lamp": (0.35, 0.35, 1.5),
    "desk": (1.3, 0.7, 0.75), "printer": (0.45, 0.4, 0.5), "bed": (1.9, 1.5, 0.5),
    "wardrobe": (1.2, 0.6, 2.0), "nightstand": (0.45, 0.4, 0.5), "toilet": (0.5, 0.6, 0.8),
    "bathtub": (1.5, 0.7, 0.5), "washing machine": (0.6, 0.6, 0.9), "basket": (0.45, 0.45, 0.4),
    "bench": (1.1, 0.4, 0.45), "coat rack": (0.4, 0.4, 1.7), "plant": (0.4, 0.4, 0.8),
}  # fmt: skip
FURNITURE = {
    "hallway": ("bench", "coat rack", "plant"),
    "kitchen": ("refrigerator", "stove", "sink", "table", "chair", "chair"),
    "living room": ("sofa", "television", "bookshelf", "lamp", "table", "plant"),
    "office": ("desk", "chair", "bookshelf", "printer"),
    "bedroom": ("bed", "wardrobe", "nightstand", "lamp"),
    "bathroom": ("toilet", "sink", "bathtub"),
    "bedroom 2": ("bed", "wardrobe", "nightstand", "chair"),
    "laundry room": ("washing machine", "basket"),
}
SMALL = (
    *("mug", "book", "laptop", "bottle", "bowl", "plate", "vase", "clock", "phone", "toy"),
    *("pillow", "backpack", "shoe", "ball", "box", "towel", "hat", "umbrella", "camera", "guitar"),
)
SUPPORTS = {
    "on": ("table", "desk", "nightstand", "sofa", "bed", "bench", "stove", "washing machine"),
    "under": ("table", "desk", "bench"),
    "in": ("bathtub", "basket", "sink"),
}
COLOURS = ("red", "blue", "green", "white", "black", "brown", "yellow", "grey")
CAMERA = Camera(
    width=640, height=480, fx=457.0, fy=457.0, cx=320.0, cy=240.0,
    mount=Pose((0.0, 0.0, 1.2), (-0.579228, 0.579228, -0.405580, 0.405580)),
)  # fmt: skip
"""Field of view 70 degrees, height 1.2 m, pitch 20 degrees down."""
COLUMNS, ROWS = 16, 12


@dataclass(frozen=True)
class Item:
    """A true object: centre and (width, depth, height) in metres, and its support."""

    number: int
    word: str
    colour: str
    room: str
    middle: tuple[float, float, float]
    size: tuple[float, float, float]
    support: int | None = None
    predicate: str = ""


class House:
    """Rooms with objects at random positions; `items` has the ground truth."""

    def __init__(self, seed: int, small: int = 24) -> None:
        self.random = np.random.default_rng(seed)
        self.items: list[Item] = []
        self.walls = _walls()
        while not self._arranged(small):  # until every room is reachable
            self.items.clear()

    def _arranged(self, small: int) -> bool:
        for room, words in FURNITURE.items():
            for word in words:
                self._furnish(room, word)
        for number in range(small):
            self._add_small(SMALL[number % len(SMALL)])
        self._held: set[tuple[int, str, int]] = set()
        self.boxes = self._boxes()
        self.grid = self._free_grid()
        return all(self.inside(room) for room in FLOOR)

    def inside(self, room: str) -> list[tuple[int, int]]:
        """Grid nodes of a room where a robot can stand."""
        x0, y0, x1, y1 = FLOOR[room]
        return sorted(n for n in self.grid if x0 < n[0] / 4 < x1 - 0.2 and y0 < n[1] / 4 < y1 - 0.2)

    def label(self, x: float, y: float) -> str | None:
        """Label of the room at a position."""
        for room, (x0, y0, x1, y1) in FLOOR.items():
            if x0 <= x < x1 and y0 <= y < y1:
                return room.removesuffix(" 2")
        return None

    def move_some(self, count: int) -> list[int]:
        """Move small objects to other supports; return their numbers."""
        small = [one.number for one in self.items if one.predicate == "on"]
        self._held = set()
        chosen = sorted(self.random.choice(small, count, replace=False).tolist())
        for number in chosen:
            item = self.items[number]
            while True:
                moved = self._on_a_support(item, "on")
                if (
                    moved.support != item.support
                    and np.hypot(*np.subtract(moved.middle, item.middle)[:2]) > 1.5
                ):
                    self.items[number] = moved
                    break
        return chosen

    def relations(self) -> set[tuple[int, str, int]]:
        """True relations of objects: (subject, predicate, object)."""
        if self._held:
            return self._held
        held = {(i.number, i.predicate, i.support) for i in self.items if i.support is not None}
        ground = [one for one in self.items if one.support is None]
        for a in ground:
            for b in ground:
                gap = np.hypot(*np.subtract(a.middle, b.middle)[:2])
                beside = gap - (a.size[0] + b.size[0]) / 2 < 0.7
                if a.number != b.number and a.room == b.room and beside:
                    held.add((a.number, "next to", b.number))
        self._held = held
        return held

    def view(self, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
        """Origin (3,) of the robot's camera, and its axes (3, 3) as columns."""
        turn = rotation_matrix(pose.orientation)
        origin = np.array(pose.position) + turn @ CAMERA.mount.position
        return origin, turn @ rotation_matrix(CAMERA.mount.orientation)

    def visible(self, pose: Pose, reach: float = 4.5) -> list[tuple[Item, np.ndarray]]:
        """Visible objects, with their centres in the optical frame."""
        origin, axes = self.view(pose)
        found = []
        for item in self.items:
            local = axes.T @ (np.array(item.middle) - origin)
            if not 0.5 < local[2] < reach:
                continue
            u = CAMERA.fx * local[0] / local[2] + CAMERA.cx
            v = CAMERA.fy * local[1] / local[2] + CAMERA.cy
            if not (20 < u < CAMERA.width - 20 and 0 < v < CAMERA.height):
                continue
            others = [n for n in (item.number, item.support) if n is not None]
            solid = np.ones(len(self.boxes), bool)
            solid[[len(self.walls) + n for n in others]] = False
            ray = np.array(item.middle) - origin
            if self._hit(origin, ray[None], self.boxes[solid])[0] > 1.0:
                found.append((item, local))
        return found

    def depth(self, pose: Pose) -> DepthGrid:
        """The depth grid of the camera."""
        origin, axes = self.view(pose)
        u, v = np.meshgrid(
            (np.arange(COLUMNS) + 0.5) * CAMERA.width / COLUMNS,
            (np.arange(ROWS) + 0.5) * CAMERA.height / ROWS,
        )
        x, y = (u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy
        rays = np.stack([x, y, np.ones_like(u)], -1).reshape(-1, 3) @ axes.T
        depth = self._hit(origin, rays, self.boxes)
        floor = np.where(rays[:, 2] < -1e-6, -origin[2] / rays[:, 2], np.inf)
        depth = np.minimum(depth, floor)
        depth = np.where(depth > 8.0, 0.0, depth)
        return DepthGrid(COLUMNS, ROWS, tuple(round(100 * one) for one in depth))

    @staticmethod
    def _hit(origin: np.ndarray, rays: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Distance to the first box (boxes, 2, 3) along each ray (rays, 3)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            near = (boxes[None, :, 0] - origin) / rays[:, None]
            far = (boxes[None, :, 1] - origin) / rays[:, None]
        enter = np.minimum(near, far).max(-1)
        leave = np.maximum(near, far).min(-1)
        return np.where((enter <= leave) & (enter > 0.05), enter, np.inf).min(1, initial=np.inf)

    def _boxes(self) -> np.ndarray:
        """(walls and objects, 2, 3): lowest and highest corners; small objects occlude nothing."""
        corners = list(self.walls)
        for item in self.items:
            half = np.array(item.size) / 2 * (0.0 if item.support is not None else 1.0)
            corners.append(np.stack([item.middle - half, item.middle + half]))
        return np.array(corners)

    def _furnish(self, room: str, word: str) -> None:
        x0, y0, x1, y1 = FLOOR[room]
        width, deep, high = SIZES[word]
        for _ in range(2000):
            w, d = (width, deep) if self.random.random() < 0.5 else (deep, width)
            margin = 0.15
            along = self.random.random(2)
            side = self.random.integers(4)
            x = x0 + margin + w / 2 + along[0] * (x1 - x0 - w - 2 * margin)
            y = y0 + margin + d / 2 + along[1] * (y1 - y0 - d - 2 * margin)
            if side == 0:
                x = x0 + margin + w / 2
            elif side == 1:
                x = x1 - margin - w / 2
            elif room == "hallway" or side == 2:
                y = y0 + margin + d / 2 if FLOOR[room][1] < 4 else y1 - margin - d / 2
            else:
                continue
            apart = all(
                abs(x - one.middle[0]) > (w + one.size[0]) / 2 + 0.25
                or abs(y - one.middle[1]) > (d + one.size[1]) / 2 + 0.25
                for one in self.items
            )
            middle_of_door = (x0 + x1) / 2
            blocks = (
                abs(x - middle_of_door) < w / 2 + 0.7
                and min(abs(y - 4.0) - d / 2, abs(y - 5.6) - d / 2) < 0.9
            )
            if room == "hallway":
                doors = [(a + c) / 2 for name, (a, _, c, _) in FLOOR.items() if name != room]
                blocks = any(abs(x - one) < w / 2 + 0.6 for one in doors)
            if apart and not blocks:
                self._append(word, room, (x, y, high / 2), (w, d, high))
                return
        raise RuntimeError(f"no room for a {word} in the {room}")

    def _add_small(self, word: str) -> None:
        predicate = str(self.random.choice(["on", "on", "on", "on", "under", "in"]))
        blank = Item(len(self.items), word, str(self.random.choice(COLOURS)), "", (0, 0, 0),
                     (0.2, 0.2, 0.25))  # fmt: skip
        self.items.append(self._on_a_support(blank, predicate))

    def _on_a_support(self, item: Item, predicate: str) -> Item:
        choices = [one for one in self.items if one.word in SUPPORTS[predicate]]
        while True:
            base = choices[int(self.random.integers(len(choices)))]
            spread = (np.array(base.size[:2]) / 2 - 0.12).clip(0.02)
            x, y = np.array(base.middle[:2]) + self.random.uniform(-spread, spread)
            z = {"on": base.size[2] + 0.12, "under": 0.15, "in": base.size[2] * 0.7}[predicate]
            twin = any(
                one.word == item.word and np.hypot(one.middle[0] - x, one.middle[1] - y) < 1.5
                for one in self.items
            )
            if not twin:
                return replace(
                    item, room=base.room, middle=(float(x), float(y), float(z)),
                    support=base.number, predicate=predicate,
                )  # fmt: skip

    def _append(self, word: str, room: str, middle: tuple, size: tuple) -> None:
        colour = str(self.random.choice(COLOURS))
        middle = tuple(float(one) for one in middle)
        self.items.append(Item(len(self.items), word, colour, room, middle, size))

    def _free_grid(self) -> nx.Graph:
        """Grid of 0.25 m of the positions where a robot can stand."""
        grid = nx.grid_2d_graph(48, 40)
        for node in list(grid):
            x, y = (node[0] + 0.5) / 4, (node[1] + 0.5) / 4
            inside = (self.boxes[:, 0, :2] - 0.2 < (x, y)) & (self.boxes[:, 1, :2] + 0.2 > (x, y))
            if inside.all(1).any():
                grid.remove_node(node)
        return grid.subgraph(max(nx.connected_components(grid), key=len)).copy()


def _walls() -> list[np.ndarray]:
    """Corners (2, 3) of each wall segment; every room has one door to the hallway."""
    pieces = [
        (0.0, 0.0, 12.0, 0.0), (0.0, 10.0, 12.0, 10.0), (0.0, 0.0, 0.0, 10.0),
        (12.0, 0.0, 12.0, 10.0),
    ]  # fmt: skip
    for room, (x0, y0, x1, y1) in FLOOR.items():
        if room == "hallway":
            continue
        pieces.append((x1, y0, x1, y1))
        edge = HALL[1] if y0 < HALL[1] else HALL[3]
        door = (x0 + x1) / 2
        pieces += [(x0, edge, door - DOOR / 2, edge), (door + DOOR / 2, edge, x1, edge)]
    half = WALL / 2
    return [
        np.array([[a - half, b - half, 0.0], [c + half, d + half, HEIGHT]]) for a, b, c, d in pieces
    ]
