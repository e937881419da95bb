# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene of the demo: a gallery of photographs, and a robot that drives past them."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from typing import NamedTuple

from PIL import Image

from mmser_ros.core.images import load_picture
from mmser_ros.demo.stage import DemoError
from mmser_ros.nodes.replay.sources import FOLDER_RATE

PHOTOGRAPHS = {
    "skimage": ("data/astronaut.png", "data/chelsea.png", "data/coffee.png", "data/rocket.jpg"),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
}
"""Photographs by the package that contains them."""
VIEWS = 3
"""Images of each photograph: one detection alone does not confirm an object."""
STEP = 0.3
"""Metres between two views of a photograph; a smaller step is no new keyframe."""
SPACING = 2.0
"""Metres along the gallery between two photographs, on alternate walls."""
VIEW = (640, 480)
"""Image size of the default camera of memory_node."""


class Walk(NamedTuple):
    """Images and poses of the robot.

    Attributes:
        pictures: folder, in the order of the names.
        trajectory: file in the TUM format, with a pose for each image.
        names: of the photograph that each image shows.
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
    """Make the images and poses of a robot that drives past the photographs.

    The photographs hang alternately on the left and the right wall. The robot drives along x, turns
    to each photograph, which fills its image, and moves a step closer between two views.
    """
    walk = Walk(folder / "pictures", folder / "walk.txt", [])
    walk.pictures.mkdir()
    poses = ["# timestamp tx ty tz qx qy qz qw"]
    for number, photograph in enumerate(photographs):
        left = 1 - 2 * (number % 2)
        view = folder / f"{photograph.stem}.png"
        Image.fromarray(load_picture(photograph)).resize(VIEW).save(view)
        for view_number in range(VIEWS):
            taken = len(walk.names)
            copy(view, walk.pictures / f"{taken:03}.png")
            position = f"{SPACING * number} {left * STEP * view_number:.1f} 0"
            poses.append(
                f"{taken / FOLDER_RATE} {position} 0 0 {left * math.sqrt(0.5)} {math.sqrt(0.5)}"
            )
            walk.names.append(photograph.name)
    walk.trajectory.write_text("\n".join(poses) + "\n")
    return walk
