# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot explores homes, its memory builds a graph, and it is asked to go to things."""
