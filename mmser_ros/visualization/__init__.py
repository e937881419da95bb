# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Drawings: the scene map, its web page, attention maps, captions below images."""
