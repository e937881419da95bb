# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene memory: captions and poses in, answers out. No ROS and no torch here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmser_ros.memory.scene_memory import SceneMemory
else:
    from mmser_ros.core.lazy_imports import lazy_imports

    __getattr__, __dir__ = lazy_imports(__name__, {"SceneMemory": "mmser_ros.memory.scene_memory"})

__all__ = ["SceneMemory"]
