# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Furnished homes that MuJoCo renders, a robot in them, and their ground truth. No ROS here."""
