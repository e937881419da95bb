# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser`: caption images, run the nodes, train, evaluate, and show what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros import __version__
from mmser_ros.cli.bench import bench
from mmser_ros.cli.calibrate import calibrate
from mmser_ros.cli.caption import caption
from mmser_ros.cli.compare import compare
from mmser_ros.cli.demo import demo_app
from mmser_ros.cli.evaluate import evaluate_app
from mmser_ros.cli.memory import memory_app
from mmser_ros.cli.options import (
    AsJson,
    Beams,
    Device,
    Initial,
    OwnModel,
    Quantize,
    Threads,
    pass_numbers,
)
from mmser_ros.cli.perturb import perturb_app
from mmser_ros.cli.run import ROS_ARGUMENTS, run_app
from mmser_ros.cli.simulate import simulate_app
from mmser_ros.cli.train import train_app
from mmser_ros.cli.view import view
from mmser_ros.core.console import errors
from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import DEFAULT_MODEL

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(memory_app, name="memory")
app.add_typer(train_app, name="train")
app.add_typer(run_app, name="run")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(perturb_app, name="perturb")
app.add_typer(simulate_app, name="simulate")
app.add_typer(demo_app, name="demo")
app.command()(bench)
app.command()(calibrate)
app.command()(caption)
app.command()(compare)
app.command(context_settings=ROS_ARGUMENTS)(view)


def main() -> None:
    """Run the command line; an error that a user can fix is one line on stderr, exit status 1."""
    try:
        app()
    except (MmserError, OSError, UnicodeDecodeError) as error:  # of files, in Python's words
        errors.print(f"error: {error}", style="red", markup=False)
        sys.exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"mmser_ros {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Robot scene captioning with multimodal self-refinement."""


@app.command()
def explain(
    image: Annotated[Path, typer.Argument(help="Image file to caption.")],
    out: Annotated[Path, typer.Option(help="Image file to write, such as explained.png.")],
    model: OwnModel = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    passes: Annotated[
        str | None,
        typer.Option(
            metavar="N,…", help="Draw these passes, such as 2 or 1,2; default: the first two."
        ),
    ] = None,
    beams: Beams = 1,
    initial: Initial = None,
) -> None:
    """Draw the region of the image that each word of the caption came from, pass by pass."""
    import numpy as np

    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.core.images import load_picture, save_picture
    from mmser_ros.visualization.attention_maps import draw_explanation

    captioner = Captioner.load(
        model, device=device, quantize=quantize, threads=threads, beams=beams
    )
    picture = load_picture(image)
    numbers = pass_numbers(passes) if passes else [*range(1, min(2, captioner.max_passes) + 1)]
    explained = captioner.explain(picture, passes=max(numbers), initial=initial)
    last = explained[-1][0].passes
    pages = []
    for result, explanation in explained:
        if result.passes not in {*numbers, last}:
            continue
        title = f"pass {result.passes}: {result.text}"
        print(title)
        pages.append(draw_explanation(picture, title, explanation))
    save_picture(np.vstack(pages), out)


@app.command()
def info(as_json: AsJson = False) -> None:
    """Show what is installed, which device the captioner would use, and what is missing."""
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


if __name__ == "__main__":
    main()
