# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser train`: one command a stage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmser_ros.cli_options import Model
from mmser_ros.progress import show_progress

train_app = typer.Typer(no_args_is_help=True, help="Train a captioner, stage by stage.")

Data = Annotated[
    Path, typer.Option(help="Folder of Flickr8k or COCO, or a JSON file of COCO's or LLaVA's form.")
]
Images = Annotated[
    Path | None, typer.Option(help="Where a JSON file's pictures are; default: its folder.")
]
Work = Annotated[
    Path, typer.Option(help="Features and resumable state; the same call goes on from it.")
]
Start = Annotated[
    str | None, typer.Option(help="Start from this model, not from the architecture's sources.")
]


@train_app.command("connector")
def train_connector(
    data: Data,
    images: Images = None,
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of architecture and schedules; default: specialist's.")
    ] = None,
    model: Start = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/connector"),
    work: Work = Path("runs/connector_work"),
) -> None:
    """Stage 0: train the glance connector alone, before a language model that can speak."""
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.resources import share_path
    from mmser_ros.training.recipe import read_recipe
    from mmser_ros.training.runs import run_connector

    plan = read_recipe(recipe or share_path("config/train/specialist.yaml"))
    start = find_model(model) if model else None
    run_connector(plan, data, out, work, show_progress, images=images, model=start)


@train_app.command("glance")
def train_glance(
    data: Data,
    images: Images = None,
    sentences: Annotated[
        Path | None, typer.Option(help="Text file of captions for the language model.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of architecture and schedules; default: nano's.")
    ] = None,
    model: Start = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/nano"),
    work: Work = Path("runs/work"),
) -> None:
    """Train the glance: the language model on text, then connector and language model together."""
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.resources import share_path
    from mmser_ros.training.recipe import read_recipe
    from mmser_ros.training.runs import run_glance

    plan = read_recipe(recipe or share_path("config/train/nano.yaml"))
    start = find_model(model) if model else None
    run_glance(plan, data, sentences, out, work, show_progress, images=images, model=start)


@train_app.command("refine")
def train_refine(
    data: Data,
    images: Images = None,
    model: Model = "nano",
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of connector and schedule; default: nano's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/refined"),
    work: Work = Path("runs/refine"),
) -> None:
    """Teach a model that can glance to look again: a new SeR-connector, on planted errors."""
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.resources import share_path
    from mmser_ros.training.recipe import read_refine_recipe
    from mmser_ros.training.runs import run_refine

    plan = read_refine_recipe(recipe or share_path("config/train/nano_refine.yaml"))
    run_refine(plan, find_model(model), data, out, work, show_progress, images=images)
