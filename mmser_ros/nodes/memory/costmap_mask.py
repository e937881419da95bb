# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A mask around things of some classes, for costmap filters such as Nav2's keepout filter."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from geometry_msgs.msg import Point, Pose
from nav_msgs.msg import MapMetaData, OccupancyGrid
from std_msgs.msg import Header

from mmser_ros.msg import SceneGraph, SceneNode
from mmser_ros.nodes.common.scene_conversions import nanoseconds
from mmser_ros.nodes.memory.driven_cells import Driven

LARGEST = 4_000_000
"""Cells; where the mask would have more, they become larger."""
OCCUPIED = 100
SPREAD = 3.0
"""Standard deviations beyond which a thing is not looked for."""


@dataclass(frozen=True)
class MaskRule:
    """What is kept clear of what.

    Attributes:
        classes: words for things, or kinds ("person", "furniture").
        radius: metres around a thing.
        probability: that such a thing is within `radius` of a cell, from which the cell is marked.
        resolution: width of a cell in metres; twice, four times … that, where there would be more
            than LARGEST cells.
        robot_radius: metres around where a robot drove that it found to be free.
    """

    classes: frozenset[str]
    radius: float
    probability: float
    resolution: float
    robot_radius: float

    @property
    def near(self) -> float:
        """Metres around a thing that are marked, half a cell at least."""
        return max(self.radius, 0.5 * self.resolution)

    def covers(self, node: SceneNode) -> bool:
        """Whether a node is such a thing, and known well enough to mark any cell."""
        if node.layer != "thing" or not {node.label, node.kind} & self.classes:
            return False
        within = 1.0 - math.exp(-0.5 * (self.near / max(_sigma(node), 1e-6)) ** 2)
        return node.probability * within >= self.probability


def split_classes(text: str) -> frozenset[str]:
    """Words that a parameter lists with commas between them."""
    return frozenset(one.strip().lower() for one in text.split(",") if one.strip())


def semantic_mask(graph: SceneGraph, rule: MaskRule, driven: Driven) -> OccupancyGrid:
    """An occupancy grid, 100 around things of some classes and 0 elsewhere.

    A cell is marked where such a thing is near with some probability, given how surely it is there
    and how well its position is known; what is hardly known anywhere marks nothing. Where a robot
    has driven since a thing was last seen, that thing marks nothing either.

    The grid covers those things and no more, as filters leave alone what no mask covers. Without
    any thing it is one free cell.

    Args:
        graph: full.
        rule: what to mark, and how.
        driven: where robots were.
    """
    things = [one for one in graph.nodes if rule.covers(one)]
    grid = _grid(things, rule)
    info, cells = grid.info, np.zeros((grid.info.height, grid.info.width), np.uint8)
    for one in things:
        _mark(cells, one, rule, info, driven)
    grid.header = Header(stamp=graph.header.stamp, frame_id=graph.header.frame_id)
    info.map_load_time = graph.header.stamp
    grid.data = array("b", cells.tobytes())
    return grid


def _sigma(node: SceneNode) -> float:
    """Standard deviation along any axis, of that over all three."""
    return node.sigma / math.sqrt(3.0)


def _reach(node: SceneNode, rule: MaskRule) -> float:
    return rule.near + SPREAD * _sigma(node)


def _grid(things: Iterable[SceneNode], rule: MaskRule) -> OccupancyGrid:
    """An empty grid over all that the things may mark."""
    resolution = rule.resolution
    spans = np.array([(one.position.x, one.position.y, _reach(one, rule)) for one in things])
    low, high = np.zeros(2), np.full(2, resolution)
    if spans.size:
        low = (spans[:, :2] - spans[:, 2:]).min(0)
        high = (spans[:, :2] + spans[:, 2:]).max(0)
    while math.prod(np.maximum(1, np.ceil((high - low) / resolution))) > LARGEST:
        resolution *= 2
    first = np.floor(low / resolution).astype(int)  # cells lie on one lattice as the mask grows
    width, height = np.maximum(1, np.ceil(high / resolution).astype(int) - first).tolist()
    x, y = (first * resolution).tolist()
    origin = Pose(position=Point(x=x, y=y))
    info = MapMetaData(resolution=resolution, width=width, height=height, origin=origin)
    return OccupancyGrid(info=info)


def _mark(
    cells: np.ndarray, thing: SceneNode, rule: MaskRule, info: MapMetaData, driven: Driven
) -> None:
    """Mark the cells that a thing is near enough to, in a window of the mask around it."""
    width, low = info.resolution, info.origin.position
    x, y = (thing.position.x - low.x) / width, (thing.position.y - low.y) / width
    reach, radius = _reach(thing, rule) / width, rule.near / width
    rows = slice(max(0, math.floor(y - reach)), math.ceil(y + reach))
    columns = slice(max(0, math.floor(x - reach)), math.ceil(x + reach))
    window = cells[rows, columns]
    i, j = np.mgrid[0 : window.shape[0], 0 : window.shape[1]]
    # from the centre of the thing to the nearest point of a cell
    away = np.hypot(
        np.maximum(0, np.abs(j + columns.start + 0.5 - x) - 0.5),
        np.maximum(0, np.abs(i + rows.start + 0.5 - y) - 0.5),
    )
    chance = (away < radius).astype(np.float32) * thing.probability
    if _sigma(thing) > 0:  # where the thing may be, each place with its own circle around it
        blur = max(_sigma(thing) / width, 1e-3)
        chance = cv2.GaussianBlur(chance, (0, 0), blur, borderType=cv2.BORDER_CONSTANT)
    marked = chance >= rule.probability
    corner = (low.x + columns.start * width, low.y + rows.start * width)
    since = nanoseconds(thing.last_seen)
    marked &= ~driven.cells(marked.shape, corner, width, rule.robot_radius, since)
    window[marked] = OCCUPIED
