# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo's world: a gallery of photographs, and a robot that walks past them."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from typing import NamedTuple

from PIL import Image

from mmser_ros.core.errors import MmserError
from mmser_ros.core.images import load_picture
from mmser_ros.nodes.replay.sources import FOLDER_RATE

PHOTOGRAPHS = {
    "skimage": ("data/astronaut.png", "data/chelsea.png", "data/coffee.png", "data/rocket.jpg"),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
}
"""Photographs by the package they come with."""
LOOKS = 3
"""Pictures taken of a photograph: the memory does not believe what it was told once."""
STEP = 0.3
"""Metres towards a photograph between two looks at it; less is no new keyframe."""
SPACING = 2.0
"""Metres along the gallery from one photograph to the next, on the wall across."""
VIEW = (640, 480)
"""Width and height of the camera that memory_node supposes where there is no camera_info."""


class DemoError(MmserError):
    """The demo can't run here, or did not end as it should."""


class Walk(NamedTuple):
    """What the robot's camera saw on its way, and where it was.

    Attributes:
        pictures: folder, in the order of the names.
        trajectory: file in the TUM format, with a pose for each picture.
        names: of the photograph that each picture shows.
    """

    pictures: Path
    trajectory: Path
    names: list[str]


def find_photographs() -> list[Path]:
    """The photographs that scikit-image and scikit-learn ship.

    Raises:
        DemoError: a package is not installed.
    """
    paths = []
    for package, files in PHOTOGRAPHS.items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            msg = f"the demo's photographs come with {package}; run: pip install '.[demo]'"
            raise DemoError(msg)
        paths += [Path(spec.submodule_search_locations[0]) / file for file in files]
    return paths


def walk_past(photographs: list[Path], folder: Path) -> Walk:
    """Hang photographs alternately on the left and the right wall, and look at each of them.

    The robot walks down the middle (x), turns to each photograph, which fills its view, and takes a
    step towards it from one look to the next.
    """
    walk = Walk(folder / "pictures", folder / "walk.txt", [])
    walk.pictures.mkdir()
    poses = ["# timestamp tx ty tz qx qy qz qw"]
    for number, photograph in enumerate(photographs):
        left = 1 - 2 * (number % 2)
        view = folder / f"{photograph.stem}.png"
        Image.fromarray(load_picture(photograph)).resize(VIEW).save(view)
        for look in range(LOOKS):
            taken = len(walk.names)
            copy(view, walk.pictures / f"{taken:03}.png")
            position = f"{SPACING * number} {left * STEP * look:.1f} 0"
            poses.append(
                f"{taken / FOLDER_RATE} {position} 0 0 {left * math.sqrt(0.5)} {math.sqrt(0.5)}"
            )
            walk.names.append(photograph.name)
    walk.trajectory.write_text("\n".join(poses) + "\n")
    return walk
