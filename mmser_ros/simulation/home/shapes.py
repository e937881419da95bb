# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parts of objects: primitives and small meshes, with their extents."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

Vector = tuple[float, float, float]
Profile = tuple[tuple[float, float], ...]
SEGMENTS = 20
"""Around a lathed mesh."""
CORNERS = np.array(np.meshgrid(*[(-0.5, 0.5)] * 3)).reshape(3, -1).T
"""(8, 3) of the unit cube about 0."""


@dataclass(frozen=True)
class Part:
    """A part of an object. Its frame is the object's, and after `placed` the home's.

    Attributes:
        shape: box, cylinder, ellipsoid, rounded (a box with round edges) or lathe.
        centre: in metres.
        size: whole extents along its own axes, in metres.
        material: a key of `materials.py`, such as "wood/brown".
        turn: Euler angles about x, y and z, in degrees.
        profile: of a lathe: (radius, height) from its bottom, each as a share of the size.
        surface: whether things may lie on it.
    """

    shape: str
    centre: Vector
    size: Vector
    material: str
    turn: Vector = (0.0, 0.0, 0.0)
    profile: Profile = ()
    surface: bool = False

    def matrix(self) -> np.ndarray:
        """Rotation (3, 3) from the part's axes to the outer frame."""
        return _matrix(self.turn)

    def outline(self) -> np.ndarray:
        """Points (N, 3) in metres whose convex hull is that of the part."""
        points = CORNERS if self.shape == "box" else mesh(self.shape, self.profile)[0]
        return (points * self.size) @ self.matrix().T + self.centre

    def placed(self, at: Vector, yaw: float) -> Part:
        """Rotate the part by `yaw` degrees about the vertical axis, then move it by `at`."""
        x, y, z = self.centre
        cosine, sine = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
        moved = (at[0] + cosine * x - sine * y, at[1] + sine * x + cosine * y, at[2] + z)
        a, b, c = self.turn
        return replace(self, centre=moved, turn=(a, b, math.remainder(c + yaw, 360)))


def box(
    at: Vector, size: Vector, material: str, *, turn: Vector = (0, 0, 0), surface: bool = False
) -> Part:
    """A box on the centre of its bottom face."""
    return _standing("box", at, size, material, turn=turn, surface=surface)


def rounded(at: Vector, size: Vector, material: str, *, turn: Vector = (0, 0, 0)) -> Part:
    """A box with round edges, as a cushion, on the centre of its bottom."""
    return _standing("rounded", at, size, material, turn=turn)


def cylinder(at: Vector, diameter: float, height: float, material: str, **more: object) -> Part:
    """An upright cylinder on the centre of its bottom."""
    return _standing("cylinder", at, (diameter, diameter, height), material, **more)


def ellipsoid(at: Vector, size: Vector, material: str, *, turn: Vector = (0, 0, 0)) -> Part:
    """An ellipsoid on its lowest point."""
    return _standing("ellipsoid", at, size, material, turn=turn)


def lathe(at: Vector, size: Vector, material: str, profile: Profile, **more: object) -> Part:
    """A body of revolution on the centre of its bottom; see `Part.profile`."""
    return _standing("lathe", at, size, material, profile=profile, **more)


def _standing(shape: str, at: Vector, size: Vector, material: str, **more: object) -> Part:
    centre = (at[0], at[1], at[2] + size[2] / 2)
    return Part(shape, centre, size, material, **more)  # type: ignore[arg-type]


def extents(parts: tuple[Part, ...] | list[Part]) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner (3,) of the box about some parts, in metres."""
    points = np.concatenate([part.outline() for part in parts])
    return points.min(0), points.max(0)


@lru_cache(maxsize=4096)
def _matrix(turn: Vector) -> np.ndarray:
    return Rotation.from_euler("xyz", turn, degrees=True).as_matrix()


@lru_cache(maxsize=256)
def mesh(shape: str, profile: Profile = ()) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (N, 3) within the unit cube about 0, and triangles (M, 3) of a shape."""
    if shape == "rounded":
        return _superellipsoid(0.35)
    if shape == "ellipsoid":
        return _superellipsoid(1.0)
    if shape == "cylinder":
        profile = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    angles = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
    radius, height = np.array(profile).T
    rings = np.stack(
        [
            np.outer(radius / 2, np.cos(angles)),
            np.outer(radius / 2, np.sin(angles)),
            np.repeat(height[:, None] - 0.5, SEGMENTS, 1),
        ],
        axis=-1,
    )
    return rings.reshape(-1, 3), _grid_faces(len(profile), SEGMENTS)


def _superellipsoid(power: float) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = 9, 20
    latitude = np.linspace(-np.pi / 2, np.pi / 2, rows)[:, None]
    longitude = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]

    def bent(values: np.ndarray) -> np.ndarray:
        return np.sign(values) * np.abs(values) ** power

    x = bent(np.cos(latitude)) * bent(np.cos(longitude))
    y = bent(np.cos(latitude)) * bent(np.sin(longitude))
    z = np.broadcast_to(bent(np.sin(latitude)), x.shape)
    return np.stack([x, y, z], axis=-1).reshape(-1, 3) / 2, _grid_faces(rows, columns)


def _grid_faces(rows: int, columns: int) -> np.ndarray:
    """Triangles between rings of vertices, without those that have no area at a pole."""
    faces = []
    for row in range(rows - 1):
        for column in range(columns):
            a, b = row * columns + column, row * columns + (column + 1) % columns
            faces += [(a, b, b + columns), (a, b + columns, a + columns)]
    return np.array(faces)
