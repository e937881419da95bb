# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nodes in processes of their own: `mmser demo` and `mmser simulate run`."""
