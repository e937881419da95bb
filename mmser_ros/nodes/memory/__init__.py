# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""memory_node: scene captions in, a scene graph that answers questions out."""
