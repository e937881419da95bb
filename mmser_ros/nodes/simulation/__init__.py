# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""simulation_node: a robot in a furnished home."""
