# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Project phrases from the image into the map, and compute which objects are visible."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mmser_ros.core.geometry import rotation_matrix
from mmser_ros.core.types import Camera, Caption, DepthGrid, GroundedPhrase, Observation, Region
from mmser_ros.memory.config import MemoryConfig

GRID = (16, 12)
"""Columns and rows of the depth grid of an observation."""
MIN_DEPTH = 0.3
"""Minimum depth (metres) of a visible object."""
OCCLUSION_GAP = 0.4
"""Minimum depth difference (metres) at which a surface occludes an object."""
SPACING = 0.6
"""Spacing (metres) of several objects that share a point without a region."""
MARGIN = 0.05
"""Share of the image at each edge in which objects don't count as visible."""
REGION_SPREAD = 0.15
"""Standard deviation of an object's centre in its region, as a share of the region's width."""

FOREGROUND = 35
"""Percentile of the depth in a region that is taken for its object's; what is behind is deeper."""


@dataclass(frozen=True)
class Estimate:
    """Position of an object by one observation.

    Attributes:
        mean: (3,) metres in the map.
        covariance: (3, 3) square metres.
        information: (3, 3) information that a track adds up, in 1/m²: the inverse covariance. Of a
            bearing only the part across the line of sight.
        anchor: (3,) point that the information refers to: `mean`, or the camera for a bearing.
        size: width in metres, 0 if it is unknown.
        height: in metres, 0 if it is unknown.
    """

    mean: np.ndarray
    covariance: np.ndarray
    information: np.ndarray
    anchor: np.ndarray
    size: float = 0.0
    height: float = 0.0


def default_camera(field_of_view: float) -> Camera:
    """A camera with a field of view (radians), for robots without camera parameters."""
    focal = 320.0 / float(np.tan(field_of_view / 2))
    return Camera(width=640, height=480, fx=focal, fy=focal, cx=320.0, cy=240.0)


def with_depth(
    observation: Observation, depth: np.ndarray | None, config: MemoryConfig
) -> Observation:
    """Add depth to an observation: a grid, and points of phrases.

    Args:
        observation: without depth.
        depth: (height, width) metres, registered to the image; None: leave the observation as is.
        config: with the field of view of a camera that is not known.
    """
    if depth is None:
        return observation
    camera = observation.camera or default_camera(config.field_of_view)
    caption = with_points(observation.caption, depth, camera)
    return replace(observation, caption=caption, camera=camera, depth=depth_grid(depth))


def with_points(caption: Caption, depth: np.ndarray, camera: Camera) -> Caption:
    """Add a point from depth to each phrase that has a region and no point.

    Args:
        caption: with phrases.
        depth: (height, width) metres along the optical axis; 0 and non-finite values are unknown.
        camera: of both the depth and the image, which are registered.
    """
    phrases = []
    for one in caption.phrases:
        point = one.point
        if point is None and one.region is not None:
            point = point_of_region(one.region, depth, camera)
        phrases.append(replace(one, point=point))
    return replace(caption, phrases=tuple(phrases))


def point_of_region(
    region: Region, depth: np.ndarray, camera: Camera
) -> tuple[float, float, float] | None:
    """Point (x, y, z) in the optical frame at the centre of a region; None if depth is unknown.

    The depth is the percentile FOREGROUND over the region: through an open door, between the legs
    of a chair and beside a lamp the camera sees what is behind, and that is often the larger part.
    """
    left, top = region.x, region.y
    right, bottom = left + max(1.0, region.width), top + max(1.0, region.height)
    rows = slice(max(0, round(top)), max(0, round(bottom)))
    columns = slice(max(0, round(left)), max(0, round(right)))
    values = depth[rows, columns]
    values = values[np.isfinite(values) & (values > 0)]
    if values.size == 0:
        return None
    z = float(np.percentile(values, FOREGROUND))
    u, v = region.x + region.width / 2, region.y + region.height / 2
    return ((u - camera.cx) * z / camera.fx, (v - camera.cy) * z / camera.fy, z)


def depth_grid(depth: np.ndarray) -> DepthGrid:
    """Reduce depth (height, width), in metres, to the medians of GRID cells."""
    columns, rows = GRID
    known = np.where(np.isfinite(depth) & (depth > 0), depth, np.nan)
    cells = [
        np.nanmedian(cell) if np.isfinite(cell).any() else 0.0
        for band in np.array_split(known, rows, axis=0)
        for cell in np.array_split(band, columns, axis=1)
    ]
    return DepthGrid(columns, rows, tuple(round(100 * float(one)) for one in cells))


class View:
    """The camera of an observation in the map.

    Attributes:
        camera: of the observation, or a default one with the configured field of view.
        origin: (3,) optical centre, in metres.
        axes: (3, 3) axes of the optical frame as columns.
    """

    def __init__(self, observation: Observation, config: MemoryConfig) -> None:
        self._config, self._pose = config, observation.pose
        self.camera = observation.camera or default_camera(config.field_of_view)
        turn = rotation_matrix(observation.pose.orientation)
        self.origin = np.array(observation.pose.position) + turn @ self.camera.mount.position
        self.axes = turn @ rotation_matrix(self.camera.mount.orientation)
        self._depth: np.ndarray | None = None
        if observation.depth is not None:
            grid = observation.depth
            self._depth = np.array(grid.centimetres, float).reshape(grid.rows, grid.columns) / 100

    def locate(self, phrase: GroundedPhrase | None, slot: int = 0, slots: int = 1) -> Estimate:
        """Estimate the position of a phrase's object; `slot` selects one of several objects.

        Objects of one phrase are spread over its region, from left to right. A phrase without a
        point gives a bearing: an estimate that is long in the line of sight. Without a region the
        bearing is the optical axis.
        """
        region = phrase.region if phrase else None
        point = phrase.point if phrase else None
        share = (slot + 0.5) / slots - 0.5
        if point is not None:
            if region is None:
                ray = np.array([point[0] + share * slots * SPACING, point[1], point[2]])
                return self._from_point(ray, SPACING)
            width = region.width * point[2] / self.camera.fx
            ray = np.array([point[0] + share * width, point[1], point[2]])
            height = region.height * point[2] / self.camera.fy
            return replace(self._from_point(ray, width / slots), size=width / slots, height=height)
        camera = self.camera
        if region is not None:
            u = region.x + region.width * (share + 0.5)
            ray = np.array([u - camera.cx, region.y + region.height / 2 - camera.cy, 1.0])
            sigma = max(0.02, REGION_SPREAD * region.width / slots / camera.fx)
        else:
            ray = np.array([share * camera.width / 2, 0.0, 1.0])
            sigma = float(np.arctan(camera.width / camera.fx / 2)) / 2
        ray[:2] /= camera.fx, camera.fy
        return self._from_bearing(self.axes @ (ray / np.linalg.norm(ray)), sigma)

    def _from_point(self, point: np.ndarray, width: float) -> Estimate:
        config, pose = self._config, self._pose
        z = point[2]
        across = (REGION_SPREAD * width) ** 2
        spread = np.diag([across, across, (config.depth_sigma * z * z) ** 2])
        size = (
            config.object_center_sigma**2 + pose.position_sigma**2 + (pose.heading_sigma * z) ** 2
        )
        covariance = self.axes @ spread @ self.axes.T + size * np.eye(3)
        mean = self.origin + self.axes @ point
        return Estimate(mean, covariance, np.linalg.inv(covariance), mean)

    def _from_bearing(self, ray: np.ndarray, sigma: float) -> Estimate:
        config, pose = self._config, self._pose
        reach = config.range_without_depth
        along = np.outer(ray, ray)
        fixed = pose.position_sigma**2 + config.object_center_sigma**2
        across = ((sigma**2 + pose.heading_sigma**2) * reach**2 + fixed) * (np.eye(3) - along)
        covariance = across + (config.range_sigma_without_depth**2 + fixed) * along
        information = (np.eye(3) - along) / ((sigma**2 + pose.heading_sigma**2) * reach**2 + fixed)
        mean = self.origin + reach * ray
        return Estimate(mean, covariance, information, self.origin)

    def visibility(self, positions: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """How well the camera can see objects: (objects,), from 0 (not at all) to 1.

        An object is visible in the field of view, in range, and not occluded by a nearer surface.
        The value falls with distance. Without depth, it may be occluded and counts less.

        Args:
            positions: (objects, 3) metres in the map.
            sizes: (objects,) widths in metres.
        """
        camera, config = self.camera, self._config
        x, y, z = ((positions - self.origin) @ self.axes).T
        ahead = np.maximum(z, MIN_DEPTH)
        u = (camera.fx * x / ahead + camera.cx) / camera.width
        v = (camera.fy * y / ahead + camera.cy) / camera.height
        visible = (z > MIN_DEPTH) & (z < config.max_range)
        visible &= (np.abs(u - 0.5) < 0.5 - MARGIN) & (np.abs(v - 0.5) < 0.5 - MARGIN)
        weight = np.where(visible, 1.0 - 0.5 * z / config.max_range, 0.0)
        if self._depth is None:
            return weight * config.miss_weight_without_depth
        rows, columns = self._depth.shape
        row = np.clip((v * rows).astype(int), 0, rows - 1)
        column = np.clip((u * columns).astype(int), 0, columns - 1)
        depth = self._depth[row, column]
        weight = np.where(depth == 0, weight * config.miss_weight_without_depth, weight)
        return np.where((depth > 0) & (depth < z - OCCLUSION_GAP - sizes / 2), 0.0, weight)
