# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hand-made homes of one room, 5 m by 4 m, with few objects; whether they can be rendered."""

from mmser_ros.simulation.home import furnishing  # noqa: F401 - registers the kinds
from mmser_ros.simulation.home.designs.kinds import KINDS
from mmser_ros.simulation.home.floor_plan import FloorPlan, Room
from mmser_ros.simulation.home.home import Home, HomeObject, RoomStyle
from mmser_ros.simulation.home.mujoco_gl import SimulatorError, make_renderer, mujoco
from mmser_ros.simulation.home.shapes import Part

STYLE = RoomStyle("planks/tan", "plaster/white", 0, (1.0, 1.0, 1.0))


def room_with(*objects):
    """A home of (name, material, parts), or of (name, material, at, yaw) for a kind's design 0."""
    made = []
    for name, material, *rest in objects:
        if len(rest) == 1:
            parts = rest[0]
        else:
            at, yaw = rest
            parts = [one.placed(at, yaw) for one in KINDS[name].make(0, material)]
        made.append(HomeObject(len(made), name, material, 0, 0, 0, tuple(parts)))
    plan = FloorPlan((Room("kitchen", 0.0, 0.0, 5.0, 4.0),), ())
    return Home(plan, (STYLE,), tuple(made))


def cube(x, y, z, side, material="paint/red"):
    """A cube on the middle of its bottom face."""
    return [Part("box", (x, y, z + side / 2), (side, side, side), material)]


def _no_gl() -> str:
    """Why nothing can be rendered here; empty if it can."""
    try:
        make_renderer(mujoco.MjSpec().compile(), 8, 8).close()
    except SimulatorError as error:
        return str(error)
    return ""


NO_GL = _no_gl()
