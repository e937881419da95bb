# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser run`: a node with the shipped parameters, as `ros2 run` starts it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

run_app = typer.Typer(no_args_is_help=True, help="Run a node, as ros2 run does.")

ROS_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}
NODES = {
    "caption": "-p name:=value, -r from:=to",
    "memory": "-p pose_source:=odom, …",
    "replay": "-p source:=folder, …",
    "simulation": "-p seed:=34, …",
    "viewer": "-p recording:=home.rrd, …",
}
"""By name: ROS arguments as an example."""


def _runner(name: str) -> Callable[..., None]:
    def run(
        context: typer.Context,
        params_file: Annotated[
            Path | None, typer.Option(help="YAML file of parameters; default: the shipped one.")
        ] = None,
    ) -> None:
        from mmser_ros.core.resources import share_path

        file = params_file or share_path(f"config/{name}.yaml")
        node = import_module(f"mmser_ros.nodes.{name}.node")
        node.main([f"{name}_node", "--ros-args", "--params-file", str(file), *context.args])

    return run


for _name, _example in NODES.items():
    run_app.command(
        _name,
        context_settings=ROS_ARGUMENTS,
        help=f"Run {_name}_node; other arguments are ROS arguments ({_example}).",
    )(_runner(_name))
