# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser demo`: a robot in a home, or a gallery of photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmser_ros.cli.options import Model, Passes, one_pass_number
from mmser_ros.core.resources import DEFAULT_MODEL

demo_app = typer.Typer()


@demo_app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the home.")] = 34,
    seconds: Annotated[
        float, typer.Option(min=5, max=3600, help="Simulated time that the robot explores.")
    ] = 60.0,
    model: Model = DEFAULT_MODEL,
    passes: Passes = "1",
    viewer: Annotated[
        Literal["rerun", "none"],
        typer.Option(help="rerun: a page for a browser, and a recording of it."),
    ] = "none",
    out: Annotated[
        Path, typer.Option(help="Folder for the map, the recording and the memory.")
    ] = Path("demo"),
) -> None:
    """A robot explores a simulated home, remembers it, and goes to things in it.

    The last line is one JSON object.
    """
    if context.invoked_subcommand is not None:
        return
    from mmser_ros.demo.house import HouseDemo, run_house

    settings = HouseDemo(
        seed=seed, seconds=seconds, model=model, passes=one_pass_number(passes),
        viewer=viewer == "rerun", out=out,
    )  # fmt: skip
    raise typer.Exit(run_house(settings))


@demo_app.command()
def photos(model: Model = DEFAULT_MODEL, passes: Passes = "1") -> None:
    """Caption photographs over ROS 2, store the captions in the memory, and ask it."""
    from mmser_ros.demo.photos import run_photos

    raise typer.Exit(run_photos(model, one_pass_number(passes)))
