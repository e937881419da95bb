# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Picture in, caption out: the captioning specialist. No ROS here."""

import os

# Before torch loads its OpenMP, which reads them once: a thread that waits for others sleeps.
# Spinning, as it does otherwise, takes the processor from whom it waits for: where another
# process runs, too, a caption takes several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("KMP_BLOCKTIME", "0")
