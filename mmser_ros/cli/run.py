# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser run`: nodes with the shipped parameters, as `ros2 run` starts them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from itertools import takewhile
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
ParamsFile = Annotated[
    Path | None, typer.Option(help="YAML file of parameters; default: the shipped one.")
]


def _runner(name: str) -> Callable[..., None]:
    def run(context: typer.Context, params_file: ParamsFile = None) -> None:
        node = import_module(f"mmser_ros.nodes.{name}.node")
        node.main([f"{name}_node", *_ros_arguments([name], params_file), *context.args])

    return run


for _name, _example in NODES.items():
    run_app.command(
        _name,
        context_settings=ROS_ARGUMENTS,
        help=f"Run {_name}_node; other arguments are ROS arguments ({_example}).",
    )(_runner(_name))


@run_app.command(context_settings=ROS_ARGUMENTS)
def nodes(context: typer.Context, params_file: ParamsFile = None) -> None:
    """Run several nodes in one process, such as caption_node memory_node; then ROS arguments."""
    from mmser_ros.nodes.nodes import NAMES, main

    names = list(takewhile(lambda one: not one.startswith("-"), context.args))
    known = [one.removesuffix("_node") for one in names if one in NAMES]
    ros = [*_ros_arguments(known, params_file), *context.args[len(names) :]]
    main(["nodes", *names, *ros])


def _ros_arguments(names: list[str], params_file: Path | None) -> list[str]:
    """The given parameter file, or the shipped ones of nodes, as ROS arguments."""
    from mmser_ros.core.resources import share_path

    files = [params_file] if params_file else [share_path(f"config/{one}.yaml") for one in names]
    return ["--ros-args", *(part for one in files for part in ("--params-file", str(one)))]
