# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A mask around things of some classes, for costmap filters such as Nav2's keepout filter."""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection

import numpy as np
from geometry_msgs.msg import Point, Pose
from nav_msgs.msg import MapMetaData, OccupancyGrid
from std_msgs.msg import Header

from mmser_ros.msg import SceneGraph, SceneNode

LARGEST = 4_000_000
"""Cells; where the mask would have more, they become larger."""
OCCUPIED = 100


def split_classes(text: str) -> frozenset[str]:
    """Words that a parameter lists with commas between them."""
    return frozenset(one.strip().lower() for one in text.split(",") if one.strip())


def semantic_mask(
    graph: SceneGraph, classes: Collection[str], radius: float, resolution: float
) -> OccupancyGrid:
    """An occupancy grid, 100 around things of some classes and 0 elsewhere.

    It covers those things and no more, as filters leave alone what no mask covers. Without any
    thing it is one free cell.

    Args:
        graph: full.
        classes: words for things, or kinds ("person", "furniture").
        radius: metres around a thing, to which its standard deviation is added.
        resolution: width of a cell in metres; twice, four times … that, where there would be more
            than LARGEST cells.
    """
    things = [one for one in graph.nodes if _is_of(one, classes)]
    centres = np.array([(one.position.x, one.position.y) for one in things]).reshape(-1, 2)
    radii = np.array([radius + one.sigma for one in things])
    low, high = np.zeros(2), np.full(2, resolution)
    if things:
        low, high = (centres - radii[:, None]).min(0), (centres + radii[:, None]).max(0)
    while math.prod(np.maximum(1, np.ceil((high - low) / resolution))) > LARGEST:
        resolution *= 2
    first = np.floor(low / resolution).astype(int)  # cells lie on one lattice as the mask grows
    width, height = np.maximum(1, np.ceil(high / resolution).astype(int) - first).tolist()
    cells = np.zeros((height, width), np.int8)
    for (x, y), reach in zip(centres / resolution - first, radii / resolution, strict=True):
        rows = slice(max(0, math.floor(y - reach)), math.ceil(y + reach))
        columns = slice(max(0, math.floor(x - reach)), math.ceil(x + reach))
        window = cells[rows, columns]
        i, j = np.mgrid[0 : window.shape[0], 0 : window.shape[1]]
        # from the centre of the thing to the nearest point of a cell
        away = np.hypot(
            np.maximum(0, np.abs(j + columns.start + 0.5 - x) - 0.5),
            np.maximum(0, np.abs(i + rows.start + 0.5 - y) - 0.5),
        )
        window[away < reach] = OCCUPIED
    origin = Point(x=float(first[0] * resolution), y=float(first[1] * resolution))
    about = MapMetaData(resolution=resolution, width=width, height=height)
    about.origin = Pose(position=origin)
    about.map_load_time = graph.header.stamp
    grid = OccupancyGrid(header=Header(stamp=graph.header.stamp, frame_id=graph.header.frame_id))
    grid.info = about
    grid.data = array("b", cells.tobytes())
    return grid


def _is_of(node: SceneNode, classes: Collection[str]) -> bool:
    return node.layer == "thing" and (node.label in classes or node.kind in classes)
