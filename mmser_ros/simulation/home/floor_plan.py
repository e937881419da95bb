# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Floor plans from a seed: rooms in two rows, mostly with a hallway between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WALL, HEIGHT = 0.06, 2.5
"""Metres: thickness of the lining of each room, so a wall between two rooms has twice that."""
DOOR, PASSAGE, DOOR_TOP = 0.95, 1.5, 2.05
"""Metres: widths of a door and of an open passage, and their height."""
MARGIN = 0.2
"""Metres between an opening and a corner."""
NARROWEST = 2.3
AREAS = {
    "living room": 21.0, "kitchen": 13.0, "bedroom": 14.0, "bathroom": 7.0, "office": 10.0,
    "dining room": 13.0, "laundry room": 6.5,
}  # fmt: skip
"""Square metres, about."""
ALWAYS = ("living room", "kitchen", "bedroom", "bathroom")
EXTRA = ("bedroom", "office", "dining room", "laundry room", "bathroom")
OPEN = ({"living room", "kitchen"}, {"living room", "dining room"}, {"kitchen", "dining room"})
"""Rooms that a passage without a door may join."""
DEAD_ENDS = {"bathroom": 3, "laundry room": 3, "bedroom": 2, "office": 2}
"""How unlikely it is to walk through a room to another one."""


@dataclass(frozen=True)
class Room:
    """A rectangle in metres, walls included, and the word for the room."""

    name: str
    x0: float
    y0: float
    x1: float
    y1: float

    def inner(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 without the walls."""
        return self.x0 + WALL, self.y0 + WALL, self.x1 - WALL, self.y1 - WALL


@dataclass(frozen=True)
class Opening:
    """A hole in a wall.

    Attributes:
        kind: door, passage or window.
        along_x: whether the wall runs along x.
        line: the coordinate of the wall across its run.
        low: where the hole begins along the wall, in metres.
        high: where it ends.
        bottom: height of its lower edge.
        top: height of its upper edge.
        rooms: numbers of the rooms that it joins; one for a window.
    """

    kind: str
    along_x: bool
    line: float
    low: float
    high: float
    bottom: float
    top: float
    rooms: tuple[int, ...]

    def centre(self) -> tuple[float, float]:
        """X and y of its middle."""
        middle = (self.low + self.high) / 2
        return (middle, self.line) if self.along_x else (self.line, middle)


@dataclass(frozen=True)
class FloorPlan:
    """Rooms and the openings of their walls."""

    rooms: tuple[Room, ...]
    openings: tuple[Opening, ...]

    def room_at(self, x: float, y: float) -> int | None:
        """Number of the room at a position; None outdoors."""
        for number, room in enumerate(self.rooms):
            if room.x0 <= x < room.x1 and room.y0 <= y < room.y1:
                return number
        return None

    def openings_of(self, room: int) -> list[Opening]:
        """Doors, passages and windows of a room."""
        return [one for one in self.openings if room in one.rooms]


def make_plan(random: np.random.Generator) -> FloorPlan:
    """A plan with 4 to 7 rooms, and mostly a hallway; every room can be reached."""
    names = [*ALWAYS, *random.choice(EXTRA, int(random.integers(0, 4)), replace=False).tolist()]
    hall = round(float(random.uniform(1.5, 1.9)), 2) if random.random() < 0.7 else 0.0
    rows: tuple[list[str], list[str]] = ([], [])
    for name in sorted(names, key=lambda one: -AREAS[one] * random.uniform(0.8, 1.2)):
        min(rows, key=lambda row: sum(AREAS[one] for one in row)).append(name)
    depths = random.uniform(3.3, 4.3, 2).round(2).tolist()
    width = max(
        sum(AREAS[one] for one in row) / depth for row, depth in zip(rows, depths, strict=True)
    )
    width = max(width, NARROWEST * max(map(len, rows)) + 0.5)
    rooms = []
    for index, row in enumerate(rows):
        order = random.permutation(row).tolist()
        y0 = 0.0 if index == 0 else round(depths[0] + hall, 2)
        edges = _edges(order, width, random)
        for name, x0, x1 in zip(order, edges[:-1], edges[1:], strict=True):
            rooms.append(Room(name, x0, y0, x1, round(y0 + depths[index], 2)))
    if hall:
        top = round(depths[0] + hall, 2)
        rooms.append(Room("hallway", 0.0, rooms[0].y1, edges[-1], top))
    if random.random() < 0.5:
        rooms = [Room(one.name, one.y0, one.x0, one.y1, one.x1) for one in rooms]
    doors = _doors(rooms, random)
    return FloorPlan(tuple(rooms), (*doors, *_windows(rooms, random)))


def _edges(names: list[str], width: float, random: np.random.Generator) -> list[float]:
    shares = np.array([AREAS[one] * random.uniform(0.9, 1.1) for one in names])
    spare = width - NARROWEST * len(names)
    widths = NARROWEST + spare * shares / shares.sum()
    return [0.0, *np.round(np.cumsum(widths), 2).tolist()]


def _shared_wall(a: Room, b: Room) -> tuple[bool, float, float, float] | None:
    """(along_x, line, low, high) of the wall between two rooms."""
    low, high = max(a.x0, b.x0), min(a.x1, b.x1)
    for line, other in ((a.y0, b.y1), (a.y1, b.y0)):
        if line == other and high - low > DOOR + 2 * MARGIN:
            return True, line, low, high
    low, high = max(a.y0, b.y0), min(a.y1, b.y1)
    for line, other in ((a.x0, b.x1), (a.x1, b.x0)):
        if line == other and high - low > DOOR + 2 * MARGIN:
            return False, line, low, high
    return None


def _doors(rooms: list[Room], random: np.random.Generator) -> list[Opening]:
    walls = {
        (a, b): wall
        for a in range(len(rooms))
        for b in range(len(rooms))
        if a != b and (wall := _shared_wall(rooms[a], rooms[b]))
    }
    names = [one.name for one in rooms]
    start = names.index("hallway" if "hallway" in names else "living room")
    reached, pairs = {start}, []
    while len(reached) < len(rooms):
        edges = [(a, b) for a, b in walls if a in reached and b not in reached]
        costs = [DEAD_ENDS.get(names[a], 0) + random.random() for a, _ in edges]
        if names[start] == "hallway":
            costs = [cost + 5 * (a != start) for cost, (a, _) in zip(costs, edges, strict=True)]
        pair = edges[int(np.argmin(costs))]
        reached.add(pair[1])
        pairs.append(pair)
    pairs += [
        (a, b)
        for a, b in walls
        if a < b and {names[a], names[b]} in OPEN and not {(a, b), (b, a)} & set(pairs)
        and random.random() < 0.7
    ]  # fmt: skip
    return [_door(rooms, pair, walls[pair], random) for pair in pairs]


def _door(
    rooms: list[Room],
    pair: tuple[int, int],
    wall: tuple[bool, float, float, float],
    random: np.random.Generator,
) -> Opening:
    along_x, line, low, high = wall
    free = {rooms[pair[0]].name, rooms[pair[1]].name} in OPEN
    is_passage = free and high - low > PASSAGE + 2 * MARGIN and random.random() < 0.7
    width = PASSAGE if is_passage else DOOR
    begin = round(float(random.uniform(low + MARGIN, high - MARGIN - width)), 2)
    kind = "passage" if is_passage else "door"
    return Opening(kind, along_x, line, begin, begin + width, 0.0, DOOR_TOP, pair)  # fmt: skip


def _windows(rooms: list[Room], random: np.random.Generator) -> list[Opening]:
    x0, y0 = min(one.x0 for one in rooms), min(one.y0 for one in rooms)
    x1, y1 = max(one.x1 for one in rooms), max(one.y1 for one in rooms)
    windows = []
    for number, room in enumerate(rooms):
        walls = [
            (True, room.y0, room.x0, room.x1, room.y0 == y0),
            (True, room.y1, room.x0, room.x1, room.y1 == y1),
            (False, room.x0, room.y0, room.y1, room.x0 == x0),
            (False, room.x1, room.y0, room.y1, room.x1 == x1),
        ]
        small = room.name in {"bathroom", "laundry room", "hallway"}
        for along_x, line, low, high, outer in walls:
            if not outer or random.random() > (0.5 if small else 0.85):
                continue
            width = min(float(random.uniform(0.6, 0.8) if small else random.uniform(1.0, 1.7)),
                        high - low - 3 * MARGIN)  # fmt: skip
            if width < 0.5:
                continue
            middle = (low + high) / 2
            slack = (high - low - width) / 2 - MARGIN
            middle += float(random.uniform(-slack, slack)) * 0.5
            bottom = 1.3 if small else float(random.choice([0.6, 0.85, 0.95]))
            windows.append(
                Opening("window", along_x, line, round(middle - width / 2, 2),
                        round(middle + width / 2, 2), bottom, 2.1, (number,))
            )  # fmt: skip
    return windows
