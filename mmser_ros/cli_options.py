# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the commands of `mmser` share: options and their checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmser_ros.errors import MmserError

Model = Annotated[str, typer.Option(help="A shipped model's name or a checkpoint folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Quantize = Annotated[
    str, typer.Option(help="auto, none, bf16, fp16 or int8; auto: the fastest here.")
]
Beams = Annotated[int, typer.Option(min=1, help="1 decodes greedily, more by beam search.")]
Initial = Annotated[
    str | None, typer.Option(help="Refine this caption instead of the first glance's.")
]
Passes = Annotated[str, typer.Option(help="Numbers of passes, such as 1,2.")]
Root = Annotated[Path, typer.Option(help="Folder with <split>.tar and <split>_captions.json.")]
DataSet = Annotated[str, typer.Option(help="The data set; flickr8k.")]
Split = Annotated[str, typer.Option(help="train or dev.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first so many.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def check_data_set(name: str) -> None:
    """Refuse a data set that there is no reader of.

    Raises:
        MmserError: it is not flickr8k.
    """
    if name != "flickr8k":
        msg = f"unknown data set {name!r}; expected flickr8k"
        raise MmserError(msg)


def pass_numbers(passes: str) -> list[int]:
    """Read `1,2`.

    Raises:
        MmserError: there is something else than whole numbers.
    """
    try:
        return [int(number) for number in passes.split(",")]
    except ValueError as error:
        msg = f"--passes is {passes!r}; expected whole numbers with commas, such as 1,2"
        raise MmserError(msg) from error
