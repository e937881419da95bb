# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the commands of `mmser` share: options and their checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmser_ros.core.errors import MmserError

Model = Annotated[str, typer.Option(help="A shipped model's name or a checkpoint folder.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Quantize = Annotated[
    str, typer.Option(help="auto, none, bf16, fp16 or int8; auto: the fastest here.")
]
Threads = Annotated[
    str,
    typer.Option(
        help="auto or a number; auto: as OMP_NUM_THREADS says, else all processors but one."
    ),
]
Beams = Annotated[int, typer.Option(min=1, max=16, help="1 decodes greedily, more by beam search.")]
Initial = Annotated[
    str | None, typer.Option(help="Refine this caption instead of the first glance's.")
]
Passes = Annotated[str, typer.Option(help="Numbers of passes, such as 1,2.")]
Data = Annotated[
    Path, typer.Option(help="Folder of sets: <set>/<split>.tar, and JSON files beside it.")
]
Sets = Annotated[
    str | None, typer.Option(help="Which sets, such as flickr8k,coco; default: all there are.")
]
Part = Annotated[str, typer.Option(help="Of train: all, training or validation.")]
Split = Annotated[str, typer.Option(help="train or dev.")]
Limit = Annotated[int | None, typer.Option(min=1, help="So many pictures of each set.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def set_names(sets: str | None) -> list[str] | None:
    """Read `flickr8k,coco`; None stays None."""
    return None if sets is None else [name.strip() for name in sets.split(",") if name.strip()]


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
