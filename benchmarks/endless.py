# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Observe at a rate until killed, and say what was remembered: python -m benchmarks.endless DB."""

import math
import sys
from collections.abc import Iterator
from itertools import count
from time import monotonic, sleep
from typing import Any

from benchmarks.made_scenes import open_memory, view
from mmser_ros.core.types import Observation

RATE = 50.0
OPTIONS: dict[str, Any] = {"reorder_window": 40, "snapshot_every": 20, "keyframe_distance": 0.0}


def views(start: int = 0) -> Iterator[Observation]:
    """Observations of a robot that drives round two objects, for ever, number by number."""
    for number in count(start):
        turn = 0.05 * number
        objects = [("mug", (0.0, 0.0, 0.3)), ("table", (0.1, 0.0, -0.2))]
        yield view(
            "a mug on a table", 10 + number / RATE, objects, x=2 * math.cos(turn),
            y=2 * math.sin(turn), turn=turn + math.pi, depth=3.0,
        )  # fmt: skip


def main(path: str, rate: float = RATE) -> None:
    """Go on where the journal ends; one line for each observation that `add` returned from."""
    memory = open_memory(path, **OPTIONS)
    begin, first = monotonic(), memory.status().observations
    for number, one in zip(count(first), views(first), strict=False):
        sleep(max(0.0, begin + (number - first) / rate - monotonic()))
        memory.add(one)
        print(number + 1, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
