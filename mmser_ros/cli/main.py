# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser`: caption pictures, run the nodes, train, evaluate, and say what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli.calibrate import calibrate
from mmser_ros.cli.evaluate import evaluate
from mmser_ros.cli.memory import memory_app
from mmser_ros.cli.options import (
    AsJson,
    Beams,
    Device,
    Initial,
    Model,
    Quantize,
    Threads,
)
from mmser_ros.cli.perturb import perturb
from mmser_ros.cli.train import train_app
from mmser_ros.core.console import errors
from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import DEFAULT_MODEL

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Robot scene captioning with multimodal self-refinement.",
)
run_app = typer.Typer(no_args_is_help=True, help="Run a node, as ros2 run would.")
app.add_typer(memory_app, name="memory")
app.add_typer(train_app, name="train")
app.add_typer(run_app, name="run")

ROS_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}

app.command()(calibrate)
app.command()(evaluate)
app.command()(perturb)


def main() -> None:
    """Run the command line; what a user can mend ends with a line on stderr and exit status 1."""
    try:
        app()
    except (MmserError, OSError, UnicodeDecodeError) as error:  # of files, in Python's words
        errors.print(f"error: {error}", style="red", markup=False)
        sys.exit(1)


@app.command()
def caption(
    images: Annotated[list[Path], typer.Argument(help="Pictures to caption.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    passes: Annotated[int, typer.Option(min=1, help="1 is the glance alone.")] = 1,
    beams: Beams = 1,
    initial: Initial = None,
    ground: Annotated[
        bool, typer.Option("--ground", help="Find where each noun phrase was seen; see --json.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Write pictures with their captions: a folder, or a file for one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Caption pictures; with --json one object a picture, one a line."""
    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.core.console import print_caption
    from mmser_ros.core.images import SUFFIXES, load_picture, save_picture
    from mmser_ros.visualization.caption_overlay import draw_caption

    captioner = Captioner.load(
        model, device=device, quantize=quantize, threads=threads, passes=passes, beams=beams
    )
    one_file = out is not None and out.suffix.lower() in SUFFIXES
    if one_file and len(images) > 1:
        msg = f"--out {out} is one file for {len(images)} pictures; give a folder"
        raise MmserError(msg)
    failed = 0
    for path in images:
        try:
            image = load_picture(path)
            result = captioner.caption(image, initial=initial, ground=ground)
            if out is not None:
                shown = draw_caption(image, result.text, result.initial_text)
                save_picture(shown, out if one_file else out / path.name)
        except MmserError as error:
            errors.print(f"error: {error}", style="red", markup=False)
            failed += 1
            continue
        if as_json:
            print(json.dumps({"image": str(path), **result.as_dict()}), flush=True)
        else:
            before = f"{path}: " if len(images) > 1 else ""
            print_caption(result.initial_text, result.text, before)
    if failed:
        raise typer.Exit(1)


@app.command()
def explain(
    image: Annotated[Path, typer.Argument(help="The picture to caption.")],
    out: Annotated[Path, typer.Option(help="Picture to write, such as explained.png.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    passes: Annotated[
        int | None, typer.Option(min=1, help="Default: 2, or 1 where the model has no second look.")
    ] = None,
    beams: Beams = 1,
    initial: Initial = None,
) -> None:
    """Draw where in a picture each word of its caption came from, look by look."""
    import numpy as np

    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.core.images import load_picture, save_picture
    from mmser_ros.visualization.attention_maps import draw_explanation

    captioner = Captioner.load(
        model, device=device, quantize=quantize, threads=threads, beams=beams
    )
    picture = load_picture(image)
    looks = captioner.explain(
        picture, passes=passes or min(2, captioner.max_passes), initial=initial
    )
    pages = []
    for result, explanation in looks:
        title = f"look {result.passes}: {result.text}"
        print(title)
        pages.append(draw_explanation(picture, title, explanation))
    save_picture(np.vstack(pages), out)


@app.command()
def demo(
    model: Model = DEFAULT_MODEL,
    passes: Annotated[int, typer.Option(min=1, help="1 is the glance alone.")] = 1,
) -> None:
    """Caption real photographs over ROS 2, remember where, and ask: a process for each node."""
    from mmser_ros.demo.run import run_demo

    raise typer.Exit(run_demo(model, passes))


@app.command()
def info(as_json: AsJson = False) -> None:
    """Say what is installed, what a captioner would run on, and what is missing."""
    from mmser_ros.cli.info import gather

    facts = gather()
    if as_json:
        print(json.dumps(facts))
        return
    table = Table(show_header=False)
    for name, value in facts.items():
        text = "\n".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(name, text or "nothing")
    Console().print(table)


@run_app.command("caption", context_settings=ROS_ARGUMENTS)
def run_caption(
    context: typer.Context,
    params_file: Annotated[
        Path | None, typer.Option(help="YAML; default: the shipped one.")
    ] = None,
) -> None:
    """Run caption_node; further arguments are ROS arguments (-p name:=value, -r from:=to)."""
    from mmser_ros.nodes.caption.node import main as node

    node(_ros_arguments("caption", params_file, context.args))


@run_app.command("memory", context_settings=ROS_ARGUMENTS)
def run_memory(
    context: typer.Context,
    params_file: Annotated[
        Path | None, typer.Option(help="YAML; default: the shipped one.")
    ] = None,
) -> None:
    """Run memory_node; further arguments are ROS arguments (-p pose_source:=odom, …)."""
    from mmser_ros.nodes.memory.node import main as node

    node(_ros_arguments("memory", params_file, context.args))


@run_app.command("replay", context_settings=ROS_ARGUMENTS)
def run_replay(
    context: typer.Context,
    params_file: Annotated[
        Path | None, typer.Option(help="YAML; default: the shipped one.")
    ] = None,
) -> None:
    """Run replay_node; further arguments are ROS arguments (-p source:=folder, …)."""
    from mmser_ros.nodes.replay.node import main as node

    node(_ros_arguments("replay", params_file, context.args))


def _ros_arguments(name: str, params_file: Path | None, further: list[str]) -> list[str]:
    from mmser_ros.core.resources import share_path

    file = params_file or share_path(f"config/{name}.yaml")
    return [f"{name}_node", "--ros-args", "--params-file", str(file), *further]


if __name__ == "__main__":
    main()
