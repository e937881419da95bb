# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser simulate run`: what simulator.launch.py starts, without ROS's launch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import share_path
from mmser_ros.demo.processes import NodeProcesses, ros_arguments
from mmser_ros.demo.terminal import Terminal
from mmser_ros.nodes.common.command_line import start_ros
from mmser_ros.nodes.common.lifecycle import Interruption

NODES = ("simulation", "caption", "memory")


def run_simulator(
    parameters: Mapping[str, Mapping[str, object]],
    *,
    namespace: str = "",
    viewer: bool = True,
    params_file: Path | None = None,
) -> None:
    """Run a home, its robot, captions, memory and viewer until interrupted.

    Captions, goals and answers are printed. A line that is typed is a question to the memory.

    Args:
        parameters: by node, what differs from the files.
        namespace: of all nodes.
        viewer: whether to run viewer_node.
        params_file: YAML file, read after config/simulator.yaml.

    Raises:
        MmserError: Rerun is not installed, or a node gave up.
    """
    if viewer:
        check_viewer()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    start_ros("mmser simulate", ["mmser"])
    interruption = Interruption()
    node = Node("terminal", namespace=namespace)
    files = [share_path("config/simulator.yaml"), params_file]
    shared = ["-r", f"__ns:=/{namespace}"] if namespace else []
    for file in filter(None, files):
        shared += ["--params-file", str(file)]
    names = (*NODES, "viewer") if viewer else NODES
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    Terminal(node)
    try:
        with interruption.deferred(), NodeProcesses() as processes:
            for one in names:
                processes.start(one, [*shared, *ros_arguments(parameters.get(one, {}))])
            while not interruption.came:
                executor.spin_once(timeout_sec=0.1)
                processes.check()
    except KeyboardInterrupt:
        pass
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()


def check_viewer() -> None:
    """Raise an MmserError if Rerun is not installed."""
    if find_spec("rerun") is None:
        msg = "the viewer needs Rerun: pip install '.[viewer]', or give --viewer none"
        raise MmserError(msg)
