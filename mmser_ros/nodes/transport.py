# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How messages travel between processes, set before the first node starts."""

from __future__ import annotations

import os

from mmser_ros.resources import share_path

PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"


def use_large_shared_memory() -> None:
    """Let Fast DDS carry whole camera images in shared memory.

    Its default segment is smaller than one 640x480 image, and most images are lost without a
    word. A profile the user has chosen (either variable that Fast DDS reads) is left alone. It
    must be called before `rclpy.init`.
    """
    if PROFILE not in os.environ and "FASTDDS_DEFAULT_PROFILES_FILE" not in os.environ:
        os.environ[PROFILE] = str(share_path("config/fastdds.xml"))
