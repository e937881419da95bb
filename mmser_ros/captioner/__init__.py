# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The captioner: an image in, a caption out. It does not use ROS."""

import os
from typing import TYPE_CHECKING

# Set before torch loads OpenMP, which reads them once. Waiting threads then sleep. By default they
# spin, and block the processor: beside another process a caption takes several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")

if TYPE_CHECKING:
    from mmser_ros.captioner.answers import Answer
    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.captioner.opening import open_captioner
    from mmser_ros.captioner.protocol import AnsweringCaptioner
    from mmser_ros.captioner.settings import ModelSettings
else:
    from mmser_ros.core.lazy_imports import lazy_imports

    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "Answer": "mmser_ros.captioner.answers",
            "AnsweringCaptioner": "mmser_ros.captioner.protocol",
            "Captioner": "mmser_ros.captioner.captioner",
            "ModelSettings": "mmser_ros.captioner.settings",
            "open_captioner": "mmser_ros.captioner.opening",
        },
    )

__all__ = ["Answer", "AnsweringCaptioner", "Captioner", "ModelSettings", "open_captioner"]
