# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Made houses, walks through them, and what is true there, without ROS."""
