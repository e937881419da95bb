# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Furniture of each kind of room, at walls and in groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmser_ros.simulation.home.designs import decoration, seats, storage, tableware, things
from mmser_ros.simulation.home.designs.kinds import KINDS
from mmser_ros.simulation.home.floor_plan import FloorPlan
from mmser_ros.simulation.home.room_space import YAWS, RoomSpace
from mmser_ros.simulation.home.shapes import Part, extents
from mmser_ros.simulation.home.split import Split

__all__ = ["Furnisher", "Made"]
BUILDERS = (decoration, seats, storage, tableware, things)
"""Importing them registers their kinds."""
TRIES = 60
LAYOUT: dict[str, tuple[str, ...]] = {
    "living room": (
        "lounge",
        "bookshelf?",
        "armchair",
        "floor lamp",
        "plant",
        "cabinet?",
        "ottoman?",
    ),
    "kitchen": ("cooking", "dining?", "counter?", "trash can"),
    "bedroom": ("sleeping", "wardrobe", "dresser?", "plant?", "armchair?", "basket?"),
    "bathroom": ("bathtub", "toilet", "sink", "basket?", "trash can?"),
    "office": ("working", "bookshelf", "cabinet?", "plant", "floor lamp?", "trash can?"),
    "dining room": ("dining", "cabinet", "plant?", "bookshelf?", "floor lamp?"),
    "laundry room": ("washing machine", "washing machine?", "basket", "cabinet?", "sink?"),
    "hallway": ("bench?", "coat rack?", "plant?", "cabinet?"),
}
"""Kinds and groups in the order of placing; "?" leaves one out now and then."""
LEFT_OUT = 0.4
LONG_TABLE = 1.25
"""Metres from which two chairs sit side by side."""


@dataclass(frozen=True)
class Made:
    """An object that was made and not yet numbered."""

    name: str
    material: str
    variant: int
    texture: int
    parts: list[Part]


@dataclass(frozen=True)
class Member:
    """An object at its place in a group."""

    made: Made
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw: float = 0.0

    def parts(self) -> list[Part]:
        """In the frame of the group."""
        return [part.placed(self.at, self.yaw) for part in self.made.parts]


class Furnisher:
    """Makes and places the furniture of one room."""

    def __init__(
        self, plan: FloorPlan, room: int, random: np.random.Generator, split: Split
    ) -> None:
        self.space = RoomSpace(plan, room)
        self.random, self.variants = random, split.variants()
        self.name = plan.rooms[room].name
        self.placed: list[Made] = []

    def make(self, name: str, like: Made | None = None) -> Made:
        """An object of a kind at the origin; `like` gives its design and material."""
        kind = KINDS[name]
        if like is None:
            material = str(self.random.choice(kind.materials))
            variant, texture = (int(self.random.choice(self.variants)) for _ in range(2))
        else:
            material, variant, texture = like.material, like.variant, like.texture
        return Made(name, material, variant, texture, kind.make(variant, material))

    def furnish(self) -> None:
        """Place what the room's layout names; what does not fit is left out."""
        for word in LAYOUT[self.name]:
            if word.endswith("?") and self.random.random() < LEFT_OUT:
                continue
            name = word.removesuffix("?")
            if name in GROUPS:
                GROUPS[name](self)
            else:
                self.place([Member(self.make(name))])

    def put(self, made: Made, at: tuple[float, float, float], yaw: float) -> Made:
        """An object at a place."""
        parts = [part.placed(at, yaw) for part in made.parts]
        return Made(made.name, made.material, made.variant, made.texture, parts)

    def place(self, group: list[Member], *, centre: bool = False) -> str | None:
        """Find a place for a group: at a wall, the first one's back to it, or in the middle.

        Returns:
            The wall's side; None if the group does not fit.
        """
        for attempt in range(TRIES):
            side = str(self.random.choice(list(YAWS)))
            spread = 0.1 + 0.35 * attempt / TRIES
            ends = [0.0, 0.5, 1.0] if attempt < TRIES // 3 else [float(self.random.random())]
            if centre:
                x0, y0, x1, y1 = self.space.inner
                x = x0 + (x1 - x0) * float(self.random.uniform(0.5 - spread, 0.5 + spread))
                y = y0 + (y1 - y0) * float(self.random.uniform(0.5 - spread, 0.5 + spread))
            else:
                parts = [part for one in group if one.made.name != "rug" for part in one.parts()]
                along = float(self.random.choice(ends))
                x, y = self.space.wall_position(parts, side, along)
            if self.place_at(group, side, x, y, front=not centre):
                return side
        return None

    def place_at(self, group: list[Member], side: str, x: float, y: float, *, front: bool) -> bool:
        """Place a group with its origin at (x, y) if it fits there."""
        yaw = YAWS[side]
        moved = [self.put(one.made, one.at, one.yaw) for one in group]
        moved = [self.put(one, (x, y, 0), yaw) for one in moved]
        solid = [one for one in moved if one.name != "rug"]
        fronts = [KINDS[one.name].front for one in solid]
        clear = max(fronts) if front and all(fronts) else 0.0
        if not self.space.fits([one.parts for one in solid], clear, yaw):
            return False
        self.space.add([one.parts for one in solid], clear, yaw)
        self.placed += solid
        for one in moved:
            if one.name == "rug":
                self._keep_inside(one)
        return True

    def _keep_inside(self, rug: Made) -> None:
        """Add a rug, moved into the room; left out if it is too large for it."""
        low, high = extents(rug.parts)
        x0, y0, x1, y1 = self.space.inner
        if high[0] - low[0] < x1 - x0 - 0.1 and high[1] - low[1] < y1 - y0 - 0.1:
            x = max(x0 + 0.02 - low[0], 0) + min(x1 - 0.02 - high[0], 0)
            y = max(y0 + 0.02 - low[1], 0) + min(y1 - 0.02 - high[1], 0)
            self.placed.append(self.put(rug, (x, y, 0), 0))


def _sleeping(room: Furnisher) -> None:
    """A bed, nightstands beside it, and perhaps a rug."""
    bed, stand = room.make("bed"), room.make("nightstand")
    low, high = extents(bed.parts)
    near_low, near_high = extents(stand.parts)
    x, y = high[0] + 0.05 - near_low[0], high[1] - near_high[1]
    rug = [Member(room.make("rug"), (0, low[1] + 0.3, 0))] if room.random.random() < 0.6 else []
    sides = ((1, -1), (1,), (-1,)) if room.random.random() < 0.6 else ((1,), (-1,))
    for some in sides:
        stands = [Member(stand, (side * x, y, 0)) for side in some]
        if room.place([Member(bed), *stands, *rug]):
            return
    room.place([Member(bed), *rug])


def _lounge(room: Furnisher) -> None:
    """A sofa and a coffee table on a rug, and a television, opposite if there is space."""
    sofa, table, stand = room.make("sofa"), room.make("coffee table"), room.make("tv stand")
    deep = extents(table.parts)[1][1]
    y = extents(sofa.parts)[0][1] - 0.35 - deep
    group = [Member(sofa), Member(table, (0, y, 0))]
    if room.random.random() < 0.8:
        group.append(Member(room.make("rug"), (0, y + 0.1, 0)))
    side = room.place(group) or room.place([Member(sofa)])
    if side is None:
        return
    low, high = extents(next(one.parts for one in room.placed if one.name == "sofa"))
    middle = (low + high) / 2
    opposite = {"north": "south", "south": "north", "east": "west", "west": "east"}[side]
    x, y = room.space.wall_position(stand.parts, opposite, 0.5)
    x, y = (middle[0], y) if side in {"north", "south"} else (x, middle[1])
    if not room.place_at([Member(stand)], opposite, x, y, front=True):
        room.place([Member(stand)])


def _dining(room: Furnisher) -> None:
    """A table with two to six chairs of one design."""
    table, chair = room.make("table"), room.make("chair")
    low, high = extents(table.parts)
    deep = -extents(chair.parts)[0][1]
    group = [Member(table)]
    long = high[0] - low[0] > LONG_TABLE
    for side, yaw in ((1, 0.0), (-1, 180.0)):
        for x in (-0.3, 0.3) if long else (0.0,):
            gap = float(room.random.uniform(0.02, 0.12))
            group.append(Member(chair, (x, side * (high[1] + deep + gap), 0), yaw))
    if not long and room.random.random() < 0.5:
        group.append(Member(chair, (high[0] + deep + 0.05, 0, 0), -90.0))
        group.append(Member(chair, (low[0] - deep - 0.05, 0, 0), 90.0))
    for count in (len(group), 3, 2):
        if room.place(group[:count], centre=True) or room.place(group[:count]):
            return


def _cooking(room: Furnisher) -> None:
    """A row along a wall: counter, stove, sink and refrigerator, in any order."""
    counter, sink = room.make("counter"), room.make("sink")
    parts = KINDS["sink"].make(sink.variant, counter.material)
    sink = Made("sink", counter.material, sink.variant, counter.texture, parts)
    kinds = [counter, sink, room.make("stove"), room.make("refrigerator")]
    order = [kinds[index] for index in room.random.permutation(4)]
    left = []
    for count in (4, 3, 2):
        row, left = order[:count], order[count:]
        if room.place(_row(row)):
            break
    else:
        left = order
    for made in left:
        room.place([Member(made)])


def _row(row: list[Made]) -> list[Member]:
    """Side by side, with their backs on a line."""
    members, x = [], 0.0
    for made in row:
        low, high = extents(made.parts)
        members.append(Member(made, (x - low[0], -high[1], 0)))
        x += high[0] - low[0] + 0.025
    return members


def _working(room: Furnisher) -> None:
    """A desk with a chair before it."""
    desk, chair = room.make("desk"), room.make("office chair")
    gap, x = float(room.random.uniform(0.05, 0.25)), float(room.random.uniform(-0.1, 0.1))
    y = extents(desk.parts)[0][1] + extents(chair.parts)[0][1] - gap
    room.place([Member(desk), Member(chair, (x, y, 0), 180.0)])


GROUPS = {"sleeping": _sleeping, "lounge": _lounge, "dining": _dining, "working": _working,
          "cooking": _cooking}  # fmt: skip
"""Groups of furniture that belong together."""
