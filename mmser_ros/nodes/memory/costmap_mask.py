# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A mask around objects of some classes, for costmap filters such as Nav2's keepout filter."""

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
from mmser_ros.nodes.memory.driven_cells import DrivenCells

LARGEST = 4_000_000
"""Maximum cells of a mask; for a larger area, cells become larger."""
OCCUPIED = 100
SPREAD = 3.0
"""Standard deviations around an object within which cells are marked."""


@dataclass(frozen=True)
class MaskRule:
    """Rule for the cells that are marked.

    Attributes:
        classes: words for objects, or kinds ("person", "furniture").
        radius: of the marked area around an object, in metres.
        probability: minimum probability of an object within `radius` of a marked cell.
        resolution: width of a cell in metres; it is doubled until there are at most LARGEST cells.
        robot_radius: of the area around a robot's path that is free, in metres.
    """

    classes: frozenset[str]
    radius: float
    probability: float
    resolution: float
    robot_radius: float

    @property
    def near(self) -> float:
        """Radius (metres) of the marked area: at least half a cell."""
        return max(self.radius, 0.5 * self.resolution)

    def covers(self, node: SceneNode) -> bool:
        """Whether a node is an object of the classes, and precise enough to mark a cell."""
        if node.layer != "object" or not {node.label, node.kind} & self.classes:
            return False
        within = 1.0 - math.exp(-0.5 * (self.near / max(_sigma(node), 1e-6)) ** 2)
        return node.probability * within >= self.probability


def split_classes(text: str) -> frozenset[str]:
    """The words of a comma-separated parameter."""
    return frozenset(one.strip().lower() for one in text.split(",") if one.strip())


def semantic_mask(graph: SceneGraph, rule: MaskRule, driven: DrivenCells) -> OccupancyGrid:
    """Make an occupancy grid: 100 around objects of some classes, 0 elsewhere.

    A cell is marked if the probability of an object near it is high enough: the probability that
    the object is present, times the probability that its position is near. So an object with an
    unknown position marks nothing. Cells that a robot has driven over since the object was last
    detected are not marked.

    The grid only covers these objects, as filters ignore the area outside a mask. Without any
    object, it is one free cell. The graph must be full.
    """
    objects = [one for one in graph.nodes if rule.covers(one)]
    grid = _grid(objects, rule)
    info, cells = grid.info, np.zeros((grid.info.height, grid.info.width), np.uint8)
    for one in objects:
        _mark(cells, one, rule, info, driven)
    grid.header = Header(stamp=graph.header.stamp, frame_id=graph.header.frame_id)
    info.map_load_time = graph.header.stamp
    grid.data = array("b", cells.tobytes())
    return grid


def _sigma(node: SceneNode) -> float:
    """Standard deviation along one axis, from that over three axes."""
    return node.sigma / math.sqrt(3.0)


def _reach(node: SceneNode, rule: MaskRule) -> float:
    return rule.near + SPREAD * _sigma(node)


def _grid(objects: Iterable[SceneNode], rule: MaskRule) -> OccupancyGrid:
    """An empty grid that covers all cells that the objects may mark."""
    resolution = rule.resolution
    spans = np.array([(one.position.x, one.position.y, _reach(one, rule)) for one in objects])
    low, high = np.zeros(2), np.full(2, resolution)
    if spans.size:
        low = (spans[:, :2] - spans[:, 2:]).min(0)
        high = (spans[:, :2] + spans[:, 2:]).max(0)
    while math.prod(np.maximum(1, np.ceil((high - low) / resolution))) > LARGEST:
        resolution *= 2
    # the lattice of cells stays the same as the mask grows
    first = np.floor(low / resolution).astype(int)
    width, height = np.maximum(1, np.ceil(high / resolution).astype(int) - first).tolist()
    x, y = (first * resolution).tolist()
    origin = Pose(position=Point(x=x, y=y))
    info = MapMetaData(resolution=resolution, width=width, height=height, origin=origin)
    return OccupancyGrid(info=info)


def _mark(
    cells: np.ndarray, obj: SceneNode, rule: MaskRule, info: MapMetaData, driven: DrivenCells
) -> None:
    """Mark the cells near an object, in a window of the mask around it."""
    width, low = info.resolution, info.origin.position
    x, y = (obj.position.x - low.x) / width, (obj.position.y - low.y) / width
    reach, radius = _reach(obj, rule) / width, rule.near / width
    rows = slice(max(0, math.floor(y - reach)), math.ceil(y + reach))
    columns = slice(max(0, math.floor(x - reach)), math.ceil(x + reach))
    window = cells[rows, columns]
    i, j = np.mgrid[0 : window.shape[0], 0 : window.shape[1]]
    # distance from the centre of the object to the nearest point of a cell
    away = np.hypot(
        np.maximum(0, np.abs(j + columns.start + 0.5 - x) - 0.5),
        np.maximum(0, np.abs(i + rows.start + 0.5 - y) - 0.5),
    )
    chance = (away < radius).astype(np.float32) * obj.probability
    if _sigma(obj) > 0:  # average over the possible positions of the object
        blur = max(_sigma(obj) / width, 1e-3)
        chance = cv2.GaussianBlur(chance, (0, 0), blur, borderType=cv2.BORDER_CONSTANT)
    marked = chance >= rule.probability
    corner = (low.x + columns.start * width, low.y + rows.start * width)
    since = nanoseconds(obj.last_seen)
    marked &= ~driven.cells(marked.shape, corner, width, rule.robot_radius, since)
    window[marked] = OCCUPIED
