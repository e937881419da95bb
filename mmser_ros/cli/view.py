# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser view`: look at what a robot sees, says and remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def view(
    context: typer.Context,
    show: Annotated[
        Literal["web", "window", "none"],
        typer.Option(help="A page for a browser, Rerun's own window, or nothing but a recording."),
    ] = "web",
    recording: Annotated[Path | None, typer.Option(help="File to write, such as home.rrd.")] = None,
    namespace: Annotated[str, typer.Option(help="Of the robot, such as robot1.")] = "",
    browser: Annotated[bool, typer.Option(help="Open the page in this machine's browser.")] = False,
) -> None:
    """Show a running robot in Rerun; other arguments are ROS arguments (-r image:=/camera, …)."""
    from mmser_ros.nodes.viewer.node import main as node

    given: dict[str, object] = {"show": show, "open_browser": browser}
    if recording is not None:
        given["recording"] = recording
    arguments = [part for name, value in given.items() for part in ("-p", f"{name}:={value}")]
    if namespace:
        arguments += ["-r", f"__ns:=/{namespace}"]
    node(["viewer_node", "--ros-args", *arguments, *context.args])
