# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions and poses in, a scene graph that answers questions out. No ROS and no torch here."""
