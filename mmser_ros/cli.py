# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser`: caption pictures, run the nodes, train, evaluate, and say what is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mmser_ros.errors import MmserError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Robot scene captioning with multimodal self-refinement.",
)
train_app = typer.Typer(no_args_is_help=True, help="Train a captioner, stage by stage.")
run_app = typer.Typer(no_args_is_help=True, help="Run a node, as ros2 run would.")
app.add_typer(train_app, name="train")
app.add_typer(run_app, name="run")

Model = Annotated[str, typer.Option(help="A shipped model's name or a checkpoint folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Quantize = Annotated[str, typer.Option(help="none, bf16, fp16 or int8.")]
Beams = Annotated[int, typer.Option(min=1, help="1 decodes greedily, more by beam search.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ROS_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}

errors = Console(stderr=True, soft_wrap=True, highlight=False)


def main() -> None:
    """Run the command line; what a user can mend ends with a line on stderr and exit status 1."""
    try:
        app()
    except MmserError as error:
        errors.print(f"error: {error}", style="red", markup=False)
        sys.exit(1)


@app.command()
def caption(
    images: Annotated[list[Path], typer.Argument(help="Pictures to caption.")],
    model: Model = "nano",
    device: Device = "auto",
    quantize: Quantize = "none",
    passes: Annotated[int, typer.Option(min=1, help="1 is the glance alone.")] = 1,
    beams: Beams = 1,
    initial: Annotated[
        str | None, typer.Option(help="Refine this caption instead of the first glance's.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write pictures with their captions: a folder, or a file for one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Caption pictures; with --json one object a picture, one a line."""
    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.pictures import SUFFIXES, draw_caption, load_picture, save_picture

    captioner = Captioner.load(model, device=device, quantize=quantize, passes=passes, beams=beams)
    one_file = out is not None and out.suffix.lower() in SUFFIXES
    if one_file and len(images) > 1:
        msg = f"--out {out} is one file for {len(images)} pictures; give a folder"
        raise MmserError(msg)
    failed = 0
    for path in images:
        try:
            image = load_picture(path)
            result = captioner.caption(image, initial=initial)
            if out is not None:
                save_picture(draw_caption(image, result.text), out if one_file else out / path.name)
        except MmserError as error:
            errors.print(f"error: {error}", style="red", markup=False)
            failed += 1
            continue
        if as_json:
            print(json.dumps({"image": str(path), **result.as_dict()}), flush=True)
        else:
            print(f"{path}: {result.text}" if len(images) > 1 else result.text, flush=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def evaluate(
    root: Annotated[Path, typer.Option(help="Folder with <split>.tar and <split>_captions.json.")],
    data: Annotated[str, typer.Option(help="The data set; flickr8k.")] = "flickr8k",
    split: Annotated[str, typer.Option(help="train or dev.")] = "dev",
    model: Model = "nano",
    device: Device = "auto",
    quantize: Quantize = "none",
    passes: Annotated[str, typer.Option(help="Numbers of passes, such as 1,2.")] = "1",
    beams: Beams = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many.")] = None,
    planted: Annotated[
        bool, typer.Option("--planted", help="Score the repair of planted errors instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score a captioner against people's captions, or its second look at planted errors."""
    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.evaluation.evaluate import evaluate as score_split
    from mmser_ros.evaluation.planted import evaluate_planted
    from mmser_ros.resources import share_path
    from mmser_ros.training.datasets import Flickr8k
    from mmser_ros.training.perturb import Lexicon, LexiconErrorMaker

    if data != "flickr8k":
        msg = f"unknown data set {data!r}; expected flickr8k"
        raise MmserError(msg)
    try:
        numbers = [int(number) for number in passes.split(",")]
    except ValueError as error:
        msg = f"--passes is {passes!r}; expected whole numbers with commas, such as 1,2"
        raise MmserError(msg) from error
    captioner = Captioner.load(model, device=device, quantize=quantize)
    split_data = Flickr8k(root, split)
    if planted:
        maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
        result = evaluate_planted(captioner, split_data, maker, limit=limit, progress=show_progress)
    else:
        result = score_split(
            captioner,
            split_data,
            passes=numbers,
            beams=beams,
            limit=limit,
            progress=show_progress,
        )
    if as_json:
        print(json.dumps(result))
        return
    kind = "planted" if planted else "passes"
    table = Table(title=f"{captioner.name} on {data} {split}, {result['n']} pictures")
    for column in [kind, *result[kind]]:
        table.add_column(column)
    for measure in next(iter(result[kind].values())):
        table.add_row(measure, *(f"{one[measure]:.4g}" for one in result[kind].values()))
    Console().print(table)


@train_app.command("glance")
def train_glance(
    data: Annotated[Path, typer.Option(help="Folder of Flickr8k (train.tar, …).")],
    sentences: Annotated[
        Path | None, typer.Option(help="Text file of captions for the language model.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of architecture and schedules; default: nano's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/nano"),
    work: Annotated[
        Path, typer.Option(help="Features and resumable state; the same call goes on from it.")
    ] = Path("runs/work"),
) -> None:
    """Train the glance: the language model on text, then connector and language model together."""
    from mmser_ros.resources import share_path
    from mmser_ros.training.recipe import read_recipe, run_glance

    recipe = recipe or share_path("config/train/nano.yaml")
    run_glance(read_recipe(recipe), data, sentences, out, work, show_progress)
    Console().print(f"checkpoint written to {out}")


@train_app.command("refine")
def train_refine(
    data: Annotated[Path, typer.Option(help="Folder of Flickr8k (train.tar, …).")],
    model: Model = "nano",
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of connector and schedule; default: nano's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/refined"),
    work: Annotated[
        Path, typer.Option(help="Features and resumable state; the same call goes on from it.")
    ] = Path("runs/refine"),
) -> None:
    """Teach a model that can glance to look again: a new SeR-connector, on planted errors."""
    from mmser_ros.captioner.captioner import find_model
    from mmser_ros.resources import share_path
    from mmser_ros.training.recipe import read_refine_recipe, run_refine

    recipe = recipe or share_path("config/train/nano_refine.yaml")
    run_refine(read_refine_recipe(recipe), find_model(model), data, out, work, show_progress)
    Console().print(f"checkpoint written to {out}")


@app.command()
def perturb(
    data: Annotated[Path, typer.Option(help="Folder with <split>_captions.json.")],
    out: Annotated[Path, typer.Option(help="JSON lines to write, one for each caption made.")],
    split: Annotated[str, typer.Option(help="train or dev.")] = "train",
    each: Annotated[int, typer.Option(min=1, help="Captions to make of each human one.")] = 3,
    seed: Annotated[int, typer.Option(help="Of what is planted.")] = 0,
) -> None:
    """Make pseudo-initial captions: human ones with 0 to 3 planted errors."""
    from dataclasses import asdict

    from mmser_ros.resources import share_path
    from mmser_ros.training.datasets import Flickr8k
    from mmser_ros.training.perturb import Lexicon, LexiconErrorMaker, pseudo_initial_captions

    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    pictures = Flickr8k(data, split).captions
    rows = [(name, caption) for name, some in pictures.items() for caption in some]
    made = pseudo_initial_captions([caption for _, caption in rows], maker, each, seed)
    names = [name for name, _ in rows for _ in range(each)]
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8") as file:
        progress = show_progress(zip(names, made, strict=True), "planting errors", len(names))
        for name, (caption, pseudo) in progress:
            record = {"picture": name, "caption": caption, **asdict(pseudo)}
            file.write(json.dumps(record) + "\n")
    Console().print(f"{len(names)} captions written to {out}")


@app.command()
def demo(model: Model = "nano") -> None:
    """Caption real photographs over ROS 2: a camera process, a caption process, and this one."""
    from mmser_ros.nodes.demo import run_demo

    raise typer.Exit(run_demo(model))


@app.command()
def info(as_json: AsJson = False) -> None:
    """Say what is installed, what a captioner would run on, and what is missing."""
    from mmser_ros.info import gather

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
    from mmser_ros.nodes.caption_node import main as node

    node(_ros_arguments("caption", params_file, context.args))


@run_app.command("memory", context_settings=ROS_ARGUMENTS)
def run_memory(
    context: typer.Context,
    params_file: Annotated[
        Path | None, typer.Option(help="YAML; default: the shipped one.")
    ] = None,
) -> None:
    """Run memory_node; further arguments are ROS arguments (-p pose_source:=odom, …)."""
    from mmser_ros.nodes.memory_node import main as node

    node(_ros_arguments("memory", params_file, context.args))


@run_app.command("replay", context_settings=ROS_ARGUMENTS)
def run_replay(
    context: typer.Context,
    params_file: Annotated[
        Path | None, typer.Option(help="YAML; default: the shipped one.")
    ] = None,
) -> None:
    """Run replay_node; further arguments are ROS arguments (-p source:=folder, …)."""
    from mmser_ros.nodes.replay_node import main as node

    node(_ros_arguments("replay", params_file, context.args))


def show_progress(items: Iterable[Any], description: str, total: int) -> Iterator[Any]:
    """Show a progress bar on stderr while iterating."""
    yield from track(items, description=description, total=total, console=errors)


def _ros_arguments(name: str, params_file: Path | None, further: list[str]) -> list[str]:
    from mmser_ros.resources import share_path

    file = params_file or share_path(f"config/{name}.yaml")
    if not file.is_file():
        msg = f"no parameter file {file}"
        raise MmserError(msg)
    return [f"{name}_node", "--ros-args", "--params-file", str(file), *further]


if __name__ == "__main__":
    main()
