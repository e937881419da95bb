# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How messages travel between processes, set before the first node starts."""

from __future__ import annotations

import os

from mmser_ros.core.resources import share_path

PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
"""What names a profile to Fast DDS: version 2 (to Jazzy) reads the first, 3 (Kilted) the other."""


def use_large_shared_memory() -> None:
    """Let Fast DDS carry whole camera images in shared memory.

    Its default segment is smaller than one 640x480 image, and most images are lost without a
    word. A profile the user has chosen is left alone. It must be called before `rclpy.init`.
    """
    if not any(name in os.environ for name in PROFILES):
        os.environ.update(dict.fromkeys(PROFILES, str(share_path("config/fastdds.xml"))))
