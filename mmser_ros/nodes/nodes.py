# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Several nodes in one process: `ros2 run mmser_ros nodes caption_node memory_node`.

Python, its libraries and torch are in memory once. Parameters, remappings and lifecycle services
are those of each node; a signal ends all of them.
"""

from __future__ import annotations

import sys
from importlib import import_module

from mmser_ros.nodes.common.lifecycle import run_lifecycle_nodes

NAMES = ("caption_node", "memory_node", "simulation_node", "viewer_node")


def main(args: list[str] | None = None) -> None:
    """Run the nodes until they are interrupted; exit status 1 if one can't start or go on."""
    program, *rest = sys.argv if args is None else args
    count = rest.index("--ros-args") if "--ros-args" in rest else len(rest)
    names = rest[:count]
    if not names or len(set(names)) < len(names) or not set(names) <= set(NAMES):
        expected = f"expected some of {', '.join(NAMES)}, each once, then ROS arguments"
        sys.exit(f"nodes can't start: got {' '.join(names) or 'no names'}; {expected}")
    modules = [import_module(f"mmser_ros.nodes.{one.removesuffix('_node')}.node") for one in names]
    run_lifecycle_nodes([one.PROGRAM for one in modules], [program, *rest[count:]])


if __name__ == "__main__":
    main()
