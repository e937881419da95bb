# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser demo`: captions photographs over ROS 2 and asks the scene memory."""
