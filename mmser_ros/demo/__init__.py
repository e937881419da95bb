# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser demo`: photographs captioned over ROS 2, and questions to the memory."""
