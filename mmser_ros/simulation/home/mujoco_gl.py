# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MuJoCo with a way to render without a screen: OSMesa, else EGL."""

from __future__ import annotations

import os
from ctypes.util import find_library

from mmser_ros.core.errors import MmserError


class SimulatorError(MmserError):
    """The simulator can't start, or got what it can't do."""


def choose_gl() -> str | None:
    """Name of the GL library to render with; None if there is none.

    MUJOCO_GL decides if it is set.
    """
    if os.environ.get("MUJOCO_GL"):
        return os.environ["MUJOCO_GL"]
    return next((gl for gl in ("osmesa", "egl") if find_library(LIBRARIES[gl])), None)


LIBRARIES = {"osmesa": "OSMesa", "egl": "EGL"}
INSTALL = (
    "install OSMesa (apt-get install libosmesa6) or EGL (apt-get install libegl1 libgl1-mesa-dri)"
)
_chosen = choose_gl()
os.environ["MUJOCO_GL"] = _chosen or "off"  # MuJoCo reads it once, when it is imported
try:
    import mujoco
except ImportError as error:
    msg = f"the simulator needs MuJoCo ({error}); pip install '.[simulation]'"
    raise SimulatorError(msg) from error

__all__ = ["SimulatorError", "choose_gl", "make_renderer", "mujoco"]


def make_renderer(model: mujoco.MjModel, width: int, height: int) -> mujoco.Renderer:
    """A renderer without a screen.

    Raises:
        SimulatorError: no GL library works here.
    """
    if _chosen is None:
        msg = f"found no GL library to render with; {INSTALL}"
        raise SimulatorError(msg)
    try:
        return mujoco.Renderer(model, height, width)
    except Exception as error:  # of any of three GL libraries
        msg = f"rendering with MUJOCO_GL={_chosen} failed: {error}; {INSTALL}"
        raise SimulatorError(msg) from error
