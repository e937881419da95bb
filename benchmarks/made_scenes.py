# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Observations of simple scenes, for tests of the memory."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.plain_words import PlainParser, PlainWords
from mmser_ros.core.types import (
    SECOND,
    Camera,
    Caption,
    DepthGrid,
    GroundedPhrase,
    Observation,
    Pose,
    Region,
)
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.results import Match
from mmser_ros.memory.scene_memory import SceneMemory

Point = tuple[float, float, float]
CAMERA = Camera(width=640, height=480, fx=400.0, fy=400.0, cx=320.0, cy=240.0)


def pose(x: float = 0.0, y: float = 0.0, turn: float = 0.0) -> Pose:
    """Of a robot on the floor."""
    return Pose((x, y, 0.0), (0.0, 0.0, math.sin(turn / 2), math.cos(turn / 2)))


def optical(point: Point, x: float, y: float, turn: float) -> Point:
    """A point of the map in the optical frame of a robot's camera."""
    dx, dy = point[0] - x, point[1] - y
    ahead = dx * math.cos(turn) + dy * math.sin(turn)
    left = dy * math.cos(turn) - dx * math.sin(turn)
    return (-left, -point[2], ahead)


def view(
    text: str,
    seconds: float,
    objects: Sequence[tuple[str, Point]] = (),
    *,
    x: float = 0.0,
    y: float = 0.0,
    turn: float = 0.0,
    robot: str = "robot",
    initial: str | None = None,
    confidence: float = 0.8,
    sure: float | None = None,
    refined: bool = True,
    depth: float | None = None,
    points: bool = True,
    width: float = 0.3,
    map_id: str = "home",
) -> Observation:
    """An observation; `objects` are (head, position in the map) of its phrases.

    `confidence` is that of the phrases, and of the caption where `sure` is not given.
    `depth` is what the whole depth grid shows, in metres.
    """
    phrases = []
    for head, position in objects:
        local = optical(position, x, y, turn)
        u, v = (CAMERA.fx * local[i] / local[2] for i in (0, 1))
        w = CAMERA.fx * width / local[2]
        region = Region(u + 320 - w / 2, v + 240 - w / 2, w, w)
        phrases.append(GroundedPhrase(head, head, confidence, region, local if points else None))
    sure = confidence if sure is None else sure
    caption = Caption(
        text, text if initial is None else initial, sure, refined, "made", 2, tuple(phrases)
    )
    grid = DepthGrid(16, 12, (round(100 * depth),) * 192) if depth else None
    return Observation(
        robot, round(seconds * SECOND), caption, pose(x, y, turn), map_id, CAMERA, grid
    )


def around(
    text: str,
    objects: Sequence[tuple[str, Point]],
    count: int = 4,
    *,
    start: float = 10.0,
    **options: Any,
) -> list[Observation]:
    """The same objects seen from four spots in turn, 0.4 m apart."""
    return [
        view(text, start + 10 * i, objects, y=0.4 * (i % 4) - 0.6, **options) for i in range(count)
    ]


def open_memory(
    path: str | Path | None = None, *, map_id: str = "home", **options: Any
) -> SceneMemory:
    """A memory with the plain parser; options that are of MemoryConfig go there."""
    names = {name for name in options if name in MemoryConfig.__dataclass_fields__}
    config = MemoryConfig(**{name: options.pop(name) for name in names})
    reading: dict[str, Any] = {"parser": PlainParser(), "words": PlainWords()}
    return SceneMemory.open(path, map_id, config=config, **{**reading, **options})


def remember(*observations: Observation, **options: Any) -> SceneMemory:
    memory = open_memory(**options)
    memory.add_all(observations)
    return memory


def labels(matches: Iterable[Match]) -> list[str]:
    return sorted(one.label for one in matches)
