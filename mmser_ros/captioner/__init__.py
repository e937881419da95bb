# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The captioner: image in, caption out. No ROS here."""

import os
from typing import TYPE_CHECKING

# Before torch loads its OpenMP, which reads them once: a thread that waits for others sleeps.
# Spinning, as it does otherwise, takes the processor from whom it waits for: where another
# process runs, too, a caption takes several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")

if TYPE_CHECKING:
    from mmser_ros.captioner.captioner import Captioner
else:
    from mmser_ros.core.lazy_imports import lazy_imports

    __getattr__, __dir__ = lazy_imports(__name__, {"Captioner": "mmser_ros.captioner.captioner"})

__all__ = ["Captioner"]
