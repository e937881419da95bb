# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Options that several commands of `mmser` share, and their checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmser_ros.core.errors import MmserError

Model = Annotated[
    str,
    typer.Option(
        help="Name of a shipped model, a checkpoint folder, hf:NAME, openai:NAME@URL or "
        "python:MODULE.CLASS (docs/models.md)."
    ),
]
OwnModel = Annotated[str, typer.Option(help="Name of a shipped model, or a checkpoint folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Quantize = Annotated[
    Literal["auto", "none", "bf16", "fp16", "int8", "int4"],
    typer.Option(help="Number format of the weights; auto takes the fastest one here."),
]
Threads = Annotated[
    str,
    typer.Option(
        help="Number of threads, or auto: OMP_NUM_THREADS if it is set, else all processors "
        "but one."
    ),
]
Beams = Annotated[
    int, typer.Option(min=1, max=16, help="1 is greedy decoding, more is beam search.")
]
RefineBelow = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=1.0,
        help="Further passes refine captions of a confidence below this only; 1: all.",
    ),
]
Initial = Annotated[
    str | None,
    typer.Option(
        help="Caption to refine in place of the model's first; needs a model that refines: nano."
    ),
]
Prompt = Annotated[str, typer.Option(help="What hf: and openai: models are asked.")]
Style = Annotated[
    Literal["short", "detailed"], typer.Option(help="Length of captions of hf: and openai: models.")
]
MaxTokens = Annotated[
    int,
    typer.Option(
        min=0,
        max=2048,
        help="Maximum tokens of a caption of hf: and openai: models; 0: as --style says.",
    ),
]
Revision = Annotated[str, typer.Option(help="Branch, tag or commit of an hf: model.")]
Refiner = Annotated[
    str,
    typer.Option(help="Model of this package that refines captions of hf: and openai: models."),
]
Crops = Annotated[
    int,
    typer.Option(
        min=0,
        max=5,
        help="Maximum crops that hf: and openai: models get in further passes; 0: none.",
    ),
]
Compile = Annotated[
    bool, typer.Option("--compile", help="Let torch compile the decoding of an hf: model.")
]
TimeoutS = Annotated[
    float, typer.Option("--timeout", help="Seconds that openai: models have for an image.")
]
Passes = Annotated[
    str,
    typer.Option(metavar="N,…", help="Numbers of passes, such as 2 or 1,2."),
]
Data = Annotated[
    Path, typer.Option(help="Folder of data sets: <set>/<split>.tar, with JSON files beside it.")
]
Sets = Annotated[
    str | None, typer.Option(metavar="SET,…", help="Data sets to use; default: all in the folder.")
]
Part = Annotated[
    Literal["all", "training", "validation"], typer.Option(help="Part of the train split.")
]
Split = Annotated[Literal["train", "dev"], typer.Option(help="Split of the data set.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Maximum number of images of each set.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def set_names(sets: str | None) -> list[str] | None:
    """Read `flickr8k,coco`; None stays None."""
    return None if sets is None else [name.strip() for name in sets.split(",") if name.strip()]


def pass_numbers(passes: str) -> list[int]:
    """Read `1,2`.

    Raises:
        MmserError: a number is not a whole number above 0.
    """
    try:
        numbers = [int(number) for number in passes.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 1:
        msg = f"--passes is {passes!r}; expected whole numbers from 1 on, such as 2 or 1,2"
        raise MmserError(msg)
    return numbers


def one_pass_number(passes: str) -> int:
    """Read `2`.

    Raises:
        MmserError: it is not one whole number above 0.
    """
    numbers = pass_numbers(passes)
    if len(numbers) > 1:
        msg = f"--passes is {passes!r}; this command takes one number, such as 2"
        raise MmserError(msg)
    return numbers[0]
