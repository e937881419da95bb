# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Looks at made scenes, for tests of the memory."""

import math

from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.memory import SceneMemory
from mmser_ros.records import Camera, Caption, DepthGrid, GroundedPhrase, Observation, Pose, Region

from .plain_words import PlainParser, PlainWords

SECOND = 1_000_000_000
CAMERA = Camera(640, 480, 400.0, 400.0, 320.0, 240.0)


def pose(x=0.0, y=0.0, turn=0.0):
    """Of a robot on the floor."""
    return Pose((x, y, 0.0), (0.0, 0.0, math.sin(turn / 2), math.cos(turn / 2)))


def optical(point, x, y, turn):
    """A point of the map in the optical frame of a robot's camera."""
    dx, dy = point[0] - x, point[1] - y
    ahead = dx * math.cos(turn) + dy * math.sin(turn)
    left = dy * math.cos(turn) - dx * math.sin(turn)
    return (-left, -point[2], ahead)


def look(
    text, seconds, things=(), *, x=0.0, y=0.0, turn=0.0, robot="robot", initial=None,
    confidence=0.8, sure=None, refined=True, depth=None, points=True, width=0.3, map_id="home",
):  # fmt: skip
    """An observation; `things` are (head, position in the map) of its phrases.

    `confidence` is that of the phrases, and of the caption where `sure` is not given.
    `depth` is what the whole depth grid shows, in metres.
    """
    phrases = []
    for head, position in things:
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


def around(text, things, count=4, *, start=10.0, **options):
    """The same things seen from four spots in turn, 0.4 m apart."""
    return [
        look(text, start + 10 * i, things, y=0.4 * (i % 4) - 0.6, **options) for i in range(count)
    ]


def open_memory(path=None, map_id="home", **options):
    """A memory with the plain parser; options that are of MemoryConfig go there."""
    names = {name for name in options if name in MemoryConfig.__dataclass_fields__}
    config = MemoryConfig(**{name: options.pop(name) for name in names})
    reading = {"parser": PlainParser(), "words": PlainWords()}
    return SceneMemory.open(path, map_id, config=config, **{**reading, **options})


def remember(*observations, **options):
    memory = open_memory(**options)
    memory.add_all(observations)
    return memory


def labels(matches):
    return sorted(one.label for one in matches)
