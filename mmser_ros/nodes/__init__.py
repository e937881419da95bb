# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ROS 2 nodes and what they need: topics, parameters, conversions. No algorithm here."""
