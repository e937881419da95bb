# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 nodes: topics, services, parameters, conversions. No algorithm here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmser_ros.nodes.common.graph_subscriber import SceneGraphListener
else:
    from mmser_ros.core.lazy_imports import lazy_imports

    __getattr__, __dir__ = lazy_imports(
        __name__, {"SceneGraphListener": "mmser_ros.nodes.common.graph_subscriber"}
    )

__all__ = ["SceneGraphListener"]
