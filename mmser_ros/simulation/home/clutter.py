# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Household things: on furniture, on the floor, and on walls."""

from __future__ import annotations

from mmser_ros.simulation.home.floor_plan import Opening
from mmser_ros.simulation.home.furnishing import Furnisher, Made
from mmser_ros.simulation.home.room_space import YAWS
from mmser_ros.simulation.home.shapes import Part, extents

ON: dict[str, tuple[str, ...]] = {
    "table": ("mug", "bowl", "plate", "bottle", "vase", "book", "laptop", "apple", "orange"),
    "coffee table": ("mug", "book", "vase", "bowl", "laptop", "potted plant", "bottle"),
    "desk": ("book", "mug", "lamp", "keyboard", "printer", "potted plant", "bottle"),
    "counter": ("mug", "bowl", "plate", "bottle", "pot", "microwave", "apple", "orange"),
    "stove": ("pot",),
    "nightstand": ("book", "mug", "bottle", "potted plant"),
    "dresser": ("vase", "box", "lamp", "potted plant", "book", "teddy bear"),
    "cabinet": ("vase", "box", "lamp", "potted plant", "books", "bowl"),
    "tv stand": ("book", "vase", "potted plant", "box"),
    "bookshelf": ("books", "books", "box", "vase", "potted plant", "teddy bear", "ball", "book"),
    "sofa": ("pillow", "pillow", "teddy bear", "book", "backpack"),
    "armchair": ("pillow", "book", "teddy bear"),
    "bed": ("teddy bear", "book", "laptop", "backpack", "ball"),
    "bench": ("backpack", "box", "shoes"),
    "chair": ("book", "backpack"),
    "washing machine": ("box", "bottle", "basket"),
    "bowl": ("apple", "orange", "apple"),
    "basket": ("ball", "teddy bear"),
    "bathtub": ("bottle", "ball"),
    "sink": ("bottle", "plate", "mug"),
}
"""What may lie on or in a piece of furniture."""
CHANCE = {
    "chair": 0.12,
    "basket": 0.4,
    "bathtub": 0.3,
    "stove": 0.5,
    "sink": 0.3,
    "washing machine": 0.5,
    "bowl": 0.8,
    "bed": 0.5,
    "armchair": 0.6,
}
"""That something lies there at all; others: 0.85."""
UNDER = {
    "table": ("ball", "box", "basket", "backpack"), "desk": ("box", "backpack", "trash can"),
    "bed": ("shoes", "box", "ball"), "coffee table": ("ball", "shoes", "box"),
    "bench": ("shoes", "box"),
}  # fmt: skip
"""What may lie under a piece of furniture."""
FLOOR = {
    "living room": ("ball", "backpack", "box", "basket", "teddy bear"),
    "kitchen": ("box", "basket"),
    "bedroom": ("shoes", "ball", "backpack", "box", "teddy bear"),
    "bathroom": ("basket",),
    "office": ("box", "backpack"),
    "dining room": ("ball", "box"),
    "laundry room": ("box", "basket"),
    "hallway": ("shoes", "backpack", "box", "ball"),
}
ON_WALL = {
    "living room": ("picture", "picture", "clock"),
    "kitchen": ("clock", "picture"),
    "bedroom": ("picture", "mirror"),
    "bathroom": ("mirror", "towel"),
    "office": ("picture", "clock"),
    "dining room": ("picture", "picture"),
    "laundry room": ("towel",),
    "hallway": ("picture", "mirror", "picture"),
}
HEIGHTS = {"picture": 1.35, "mirror": 1.15, "clock": 1.75, "towel": 0.9}
"""Of the lower edge, in metres."""
HOLLOW = frozenset({"bowl", "basket"})
"""One part is their whole wall: its box is not solid."""
ALWAYS = {"tv stand": "television", "nightstand": "lamp", "desk": "monitor"}
"""What lies in the middle of a kind of furniture."""
TRIES = 25


def add_clutter(room: Furnisher, amount: float) -> None:
    """Add things to a furnished room; an amount of 1 is an ordinary home."""
    add_to_walls(room)
    waiting = list(room.placed)
    while waiting:  # what was put on furniture may hold things too
        support = waiting.pop(0)
        if support.name in ALWAYS and room.random.random() < 0.85:
            _lay(room, support, ALWAYS[support.name], centred=True)
        names = ON.get(support.name, ())
        if names and room.random.random() < CHANCE.get(support.name, 0.85) * min(amount, 1.1):
            boards = sum(part.surface for part in support.parts)
            count = int(room.random.integers(1, 2 + round(1.6 * amount * min(boards, 4) ** 0.5)))
            if support.name == "bookshelf":
                some = room.random.choice(names, 3 * boards)
            else:
                some = room.random.choice(names, min(count, len(names)), replace=False)
            for name in some:
                waiting += _lay(room, support, str(name))
    for support in [one for one in room.placed if one.name in UNDER]:
        if room.random.random() < 0.3 * amount:
            _slide_under(room, support, str(room.random.choice(UNDER[support.name])))
    for name in FLOOR[room.name]:
        if room.random.random() < 0.3 * amount:
            _drop(room, name)


def _lay(room: Furnisher, support: Made, name: str, *, centred: bool = False) -> list[Made]:
    """Put a thing on a surface of a support, if there is space for it."""
    made = room.make(name)
    surfaces = [extents([part]) for part in support.parts if part.surface]
    facing = _facing(room, support)
    for _ in range(TRIES):
        low, high = surfaces[int(room.random.integers(len(surfaces)))]
        turn = (
            0.0
            if centred or name in {"books", "pillow", "microwave", "laptop"}
            else float(room.random.uniform(-40, 40))
        )
        turned = room.put(made, (0, 0, 0), facing + turn)
        small, large = extents(turned.parts)
        spare = (high - low)[:2] - (large - small)[:2]
        if (spare < 0).any():
            continue
        share = room.random.uniform(0.03, 0.97, 2) if not centred else [0.5, 0.5]
        x, y = low[:2] + spare * share - small[:2]
        lift = 0.001 - (min(small[2], 0.0) if name != "pillow" else small[2])
        moved = room.put(turned, (float(x), float(y), float(high[2]) + lift), 0)
        inside = support.parts if support.name in HOLLOW else None
        if room.space.clear_of_boxes(moved.parts, inside):
            room.space.add([moved.parts])
            room.placed.append(moved)
            return [moved]
        centred = False
    return []


def _slide_under(room: Furnisher, support: Made, name: str) -> None:
    """Put a thing on the floor under a support, if there is space for it."""
    made = room.make(name)
    low, high = extents(support.parts)
    for _ in range(TRIES):
        turned = room.put(made, (0, 0, 0), float(room.random.uniform(-180, 180)))
        small, large = extents(turned.parts)
        spare = (high - low)[:2] - (large - small)[:2]
        x, y = low[:2] - small[:2] + spare * room.random.random(2)
        moved = room.put(turned, (float(x), float(y), 0), 0)
        if (spare > 0).all() and room.space.clear_of_boxes(moved.parts):
            room.space.add([moved.parts])
            room.placed.append(moved)
            return


def _facing(room: Furnisher, support: Made) -> float:
    """The yaw of a support: that of its parts that stand straight."""
    return (
        float(support.parts[0].turn[2])
        if support.name in YAW_OF_FIRST_PART
        else float(room.random.choice(list(YAWS.values())))
    )


YAW_OF_FIRST_PART = frozenset(ON) - {"basket", "bowl"}


def _drop(room: Furnisher, name: str) -> None:
    """Put a thing on the floor, mostly near a wall or furniture, where it blocks no way."""
    made = room.make(name)
    x0, y0, x1, y1 = room.space.inner
    for _ in range(TRIES):
        side = str(room.random.choice(list(YAWS)))
        turned = room.put(made, (0, 0, 0), float(room.random.uniform(-30, 30)))
        x, y = room.space.wall_position(turned.parts, side, float(room.random.random()), 0.03)
        if room.random.random() < 0.4:
            x, y = float(room.random.uniform(x0, x1)), float(room.random.uniform(y0, y1))
        moved = room.put(turned, (x, y, 0), YAWS[side])
        if room.space.fits([moved.parts]):
            room.space.add([moved.parts])
            room.placed.append(moved)
            return


def add_to_walls(room: Furnisher) -> None:
    """Hang pictures, a mirror, a clock or a towel, and curtains at windows."""
    for one in room.space.openings:
        if one.kind == "window" and one.high - one.low > 0.9 and room.random.random() < 0.6:
            _hang_curtain(room, one)
    for name in ON_WALL[room.name]:
        if room.random.random() > 0.75:
            continue
        made = room.make(name)
        for _ in range(TRIES):
            side = str(room.random.choice(list(YAWS)))
            share = float(room.random.uniform(0.1, 0.9))
            turned = [part.placed((0, 0, 0), 0) for part in made.parts]
            x, y = room.space.wall_position(turned, side, share, 0.004)
            moved = room.put(made, (x, y, HEIGHTS[name]), YAWS[side])
            free = room.space.free_of_openings(moved.parts)
            if free and room.space.clear_of_boxes(moved.parts):
                room.space.add([moved.parts])
                room.placed.append(moved)
                break


def _hang_curtain(room: Furnisher, window: Opening) -> None:
    made = room.make("curtain")
    stretch = (window.high - window.low + 0.5) / 1.9
    parts: list[Part] = []
    for part in made.parts:
        x, y, z = part.centre
        width, depth, high = part.size
        rod = part.turn[1] != 0  # it lies on its side
        size = (width, depth, high * stretch) if rod else (width * stretch, depth, high)
        parts.append(Part(part.shape, (x * stretch, y, z), size, part.material, part.turn))
    top = extents(parts)[1][2]
    x0, y0, x1, y1 = room.space.inner
    x, y = window.centre()
    side = (
        ("south" if abs(y - y0) < abs(y - y1) else "north")
        if window.along_x
        else ("west" if abs(x - x0) < abs(x - x1) else "east")
    )
    wall_x, wall_y = room.space.wall_position(parts, side, 0.5, 0.03)
    at = (x, wall_y) if window.along_x else (wall_x, y)
    changed = Made(made.name, made.material, made.variant, made.texture, parts)
    moved = room.put(changed, (*at, window.top + 0.14 - top), YAWS[side])
    if room.space.clear_of_boxes(moved.parts):
        room.space.add([moved.parts])
        room.placed.append(moved)
