# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A home as a MuJoCo model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from mmser_ros.simulation.home.baking import PERIOD, floor_picture
from mmser_ros.simulation.home.floor_plan import HEIGHT
from mmser_ros.simulation.home.home import Home
from mmser_ros.simulation.home.materials import COLOURS, STUFF, picture
from mmser_ros.simulation.home.mujoco_gl import mujoco
from mmser_ros.simulation.home.shapes import Part, mesh
from mmser_ros.simulation.home.walls import SKIRTING, wall_parts

FLOOR, CEILING, WALLS = -2, -3, -4
"""Numbers of what is no object; -1 is nothing at all."""
FLAT = frozenset({"plain"})
"""Patterns that are drawn without a texture."""
CUSHION = 0.5
"""Metres after which the texture of a cushion repeats."""
LIGHTS = 4
"""Lamps that shine at a time: those nearest to the camera."""


@dataclass(frozen=True)
class Scene:
    """A compiled home.

    Attributes:
        home: what it shows.
        model: MuJoCo's model.
        numbers: (geoms,) number of the object of each geom, or FLOOR, CEILING or WALLS.
    """

    home: Home
    model: mujoco.MjModel
    numbers: np.ndarray


def build_scene(home: Home) -> Scene:
    """Compile a home, with free cameras to look at it."""
    return _Builder(home).build()


class _Builder:
    def __init__(self, home: Home) -> None:
        self.home, self.spec = home, mujoco.MjSpec()
        self.numbers: list[int] = []
        self.materials: dict[tuple[str, int, bool], str] = {}
        self.meshes: dict[tuple, str] = {}

    def build(self) -> Scene:
        spec = self.spec
        spec.compiler.discardvisual = False
        spec.visual.quality.shadowsize = spec.visual.quality.offsamples = 0
        spec.visual.global_.offwidth, spec.visual.global_.offheight = 1280, 960
        spec.visual.map.znear, spec.visual.map.zfar, spec.stat.extent = 0.03, 40.0, 1.0
        spec.stat.center = [0.0, 0.0, 1.0]
        day = self.home.daylight
        spec.visual.headlight.ambient = [0.26 + 0.12 * day] * 3
        spec.visual.headlight.diffuse = [0.12 + 0.06 * day] * 3
        spec.visual.headlight.specular = [0.0] * 3
        for _ in range(LIGHTS):
            spec.worldbody.add_light(
                type=mujoco.mjtLightType.mjLIGHT_SPOT,
                cutoff=180,
                exponent=0,
                castshadow=False,
                pos=[0, 0, 2.2],
                dir=[0, 0, -1],
                attenuation=[0.8, 0.06, 0.035],
                ambient=[0.03] * 3,
                specular=[0.25] * 3,
            )
        for number in range(len(self.home.plan.rooms)):
            self._room(number)
        for one in self.home.objects:
            for part in one.parts:
                self._part(part, one.texture, one.number)
        return Scene(self.home, spec.compile(), np.array(self.numbers))

    def _room(self, number: int) -> None:
        room, style = self.home.plan.rooms[number], self.home.styles[number]
        x, y = (room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2
        size = (room.x1 - room.x0, room.y1 - room.y0, 0.1)
        name = f"floor {number}"
        self._texture(name, floor_picture(self.home, number)[::-1])
        self._material(name, style.floor, name)
        self._geom(Part("box", (x, y, -0.05), size, style.floor), name, FLOOR)
        self._part(Part("box", (x, y, HEIGHT + 0.05), size, "ceiling/white"), 0, CEILING)
        lamp = Part("ellipsoid", (x, y, HEIGHT), (0.36, 0.36, 0.2), "light/glow")
        self._part(lamp, 0, CEILING)
        stuff = style.wall.split("/")[0]
        wall = f"wall {number}"
        self._texture(wall, picture(style.wall, style.texture))
        self._material(wall, style.wall, wall, repeat=2 / PERIOD[stuff])
        for part in wall_parts(self.home.plan, number, style.wall):
            if part.material == SKIRTING:
                self._part(part, 0, WALLS)
            else:
                self._geom(part, wall, WALLS)

    def _part(self, part: Part, texture: int, number: int) -> None:
        """Add a part; cushions have texture coordinates, other shapes a cube about them."""
        pattern, cube = STUFF[part.material.split("/")[0]].pattern, part.shape != "rounded"
        textured = pattern not in FLAT
        key = (part.material, texture if textured else 0, cube or not textured)
        if key not in self.materials:
            name = self.materials[key] = f"{key[0]} {key[1]} {key[2]}"
            if textured:
                self._texture(name, picture(*key[:2]), cube=cube)
            self._material(name, part.material, name if textured else None)
        self._geom(part, self.materials[key], number)

    def _texture(self, name: str, image: np.ndarray, *, cube: bool = False) -> None:
        kind = mujoco.mjtTexture
        sides = [np.rot90(image)] * 2 + [image] * 4  # grain runs upwards on all four
        data = np.concatenate(sides) if cube else image
        texture = self.spec.add_texture(
            name=name,
            type=kind.mjTEXTURE_CUBE if cube else kind.mjTEXTURE_2D,
            nchannel=3,
            width=data.shape[1],
            height=data.shape[0],
        )
        texture.data = data.tobytes()

    def _material(
        self, name: str, material: str, texture: str | None, repeat: float | None = None
    ) -> None:
        stuff, colour = material.split("/")
        look = STUFF[stuff]
        day = 0.1 + 0.9 * self.home.daylight if stuff == "outdoors" else 1.0
        colour_rgb = np.array([1.0, 1.0, 1.0] if texture else COLOURS[colour]) * day
        made = self.spec.add_material(
            name=name,
            specular=look.specular,
            shininess=look.shininess,
            emission=look.emission,
            rgba=[*colour_rgb, look.alpha],
        )
        if texture:
            made.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = texture
        if repeat:
            made.texuniform, made.texrepeat = True, [repeat, repeat]

    def _geom(self, part: Part, material: str, number: int) -> None:
        kinds = mujoco.mjtGeom
        x, y, z, w = Rotation.from_matrix(part.matrix()).as_quat()
        more: dict = {"size": [side / 2 for side in part.size]}
        if part.shape == "box":
            more["type"] = kinds.mjGEOM_BOX
        elif part.shape == "ellipsoid":
            more["type"] = kinds.mjGEOM_ELLIPSOID
        elif part.shape == "cylinder" and part.size[0] == part.size[1]:
            more["type"] = kinds.mjGEOM_CYLINDER
            more["size"] = [part.size[0] / 2, part.size[2] / 2, 0]
        else:
            more = {"type": kinds.mjGEOM_MESH, "meshname": self._mesh(part)}
        self.spec.worldbody.add_geom(
            pos=list(part.centre),
            quat=[w, x, y, z],
            material=material,
            contype=0,
            conaffinity=0,
            **more,
        )
        self.numbers.append(number)

    def _mesh(self, part: Part) -> str:
        size = tuple(round(side, 3) for side in part.size)
        key = (part.shape, part.profile, size)
        if key not in self.meshes:
            name = self.meshes[key] = f"mesh {len(self.meshes)}"
            vertices, faces = mesh(part.shape, part.profile)
            made = self.spec.add_mesh(
                name=name,
                uservert=(vertices * size).ravel().tolist(),
                userface=faces.ravel().tolist(),
                inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
            )
            if part.shape == "rounded":
                wide = sorted(np.argsort(size)[1:])  # seen along its shortest side
                metres = (vertices * size)[:, wide]
                made.usertexcoord = (metres / CUSHION).ravel().tolist()
                made.userfacetexcoord = faces.ravel().tolist()
        return self.meshes[key]
