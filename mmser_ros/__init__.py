# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Robot scene captioning with multimodal self-refinement (MM-SeR) for ROS 2."""

from pkgutil import extend_path
from typing import TYPE_CHECKING

# msg/ and srv/ are generated, so they lie beside the *installed* modules: with this
# they are found also where the source tree comes first on sys.path.
__path__ = extend_path(__path__, __name__)
__version__ = "0.1.0"

if TYPE_CHECKING:
    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.core.types import Camera, Caption, Observation, Pose
    from mmser_ros.memory.scene_memory import SceneMemory
else:
    from mmser_ros.core.lazy_imports import lazy_imports

    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "Captioner": "mmser_ros.captioner.captioner",
            "SceneMemory": "mmser_ros.memory.scene_memory",
            **dict.fromkeys(["Camera", "Caption", "Observation", "Pose"], "mmser_ros.core.types"),
        },
    )

__all__ = ["Camera", "Caption", "Captioner", "Observation", "Pose", "SceneMemory"]
