# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser caption`: captions of images on stdout, or of whole recordings in a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmser_ros.cli.options import (
    AsJson,
    Beams,
    Compile,
    Crops,
    Device,
    Initial,
    MaxTokens,
    Model,
    Passes,
    Prompt,
    Quantize,
    RefineBelow,
    Refiner,
    Revision,
    Style,
    Threads,
    TimeoutS,
    one_pass_number,
    pass_numbers,
)
from mmser_ros.core.console import errors
from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import DEFAULT_MODEL

if TYPE_CHECKING:
    from mmser_ros.archive.shares import Job


def caption(
    images: Annotated[
        list[Path],
        typer.Argument(
            help="Image files to caption; for a table also folders, videos, bags, and patterns in "
            "quotes such as 'bags/*.mcap'."
        ),
    ],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    passes: Passes = "1",
    beams: Beams = 1,
    refine_below: RefineBelow = 1.0,
    initial: Initial = None,
    ground: Annotated[
        bool,
        typer.Option("--ground", help="Find the region of each noun phrase; --json prints them."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write the images with their captions: a folder, or a file for one. Or write a "
            "table of the captions: a file ending in .parquet, .jsonl or .csv."
        ),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="auto|N",
            help="Images in a batch, for a table; auto, the default, measures how many are "
            "fastest.",
        ),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(help="Image topic of bags, for a table; default: their only one."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=0, help="Processes of Ray that share the work for a table; 0: this one alone."
        ),
    ] = 0,
    prompt: Prompt = "",
    style: Style = "short",
    max_tokens: MaxTokens = 0,
    revision: Revision = "",
    refiner: Refiner = "",
    crops: Crops = 2,
    compile_model: Compile = False,
    timeout_s: TimeoutS = 10.0,
    as_json: AsJson = False,
) -> None:
    """Caption images. With --json, print one JSON object a line for each caption.

    A table (--out captions.parquet) that was stopped goes on when the command is given again.
    """
    from mmser_ros.archive.shares import Job
    from mmser_ros.archive.tables import is_table
    from mmser_ros.captioner.settings import ModelSettings

    settings = ModelSettings(
        prompt, style, max_tokens, revision, refiner, crops, compile_model, timeout_s
    )
    if out is not None and is_table(out):
        if initial is not None or ground:
            msg = "--initial and --ground are not for tables; leave them out, or use --json"
            raise MmserError(msg)
        number, size = one_pass_number(passes), _batch_size(batch)
        job = Job(
            *(model, device, quantize, threads, number, beams, settings),
            topic=topic or "",
            batch=size,
            refine_below=refine_below,
        )
        _write_table(job, images, out, workers, as_json=as_json)
        return
    if batch is not None or topic is not None or workers:
        msg = "--batch, --topic and --workers are for tables; give --out a file ending in "
        msg += ".parquet, .jsonl or .csv"
        raise MmserError(msg)
    from mmser_ros.captioner.opening import open_captioner
    from mmser_ros.core.console import print_caption
    from mmser_ros.core.images import SUFFIXES, load_picture, save_picture
    from mmser_ros.visualization.caption_overlay import draw_caption

    numbers = pass_numbers(passes)
    last = max(numbers) if initial is None else max(2, *numbers)
    captioner = open_captioner(
        model,
        device=device,
        quantize=quantize,
        threads=threads,
        passes=last,
        beams=beams,
        refine_below=refine_below,
        settings=settings,
    )
    initials = None if initial is None else [initial]
    one_file = out is not None and out.suffix.lower() in SUFFIXES
    if one_file and len(images) > 1:
        msg = f"--out {out} is one file for {len(images)} images; give a folder"
        raise MmserError(msg)
    failed = 0
    for path in images:
        try:
            image = load_picture(path)
            passes_made = captioner.caption_passes([image], initials=initials, ground=ground)
            *some, result = [one for (one,) in passes_made]
            captions = [*(one for one in some if one.passes in numbers), result]
            if out is not None:
                shown = draw_caption(image, result.text, result.initial_text)
                save_picture(shown, out if one_file else out / path.name)
        except MmserError as error:
            errors.print(f"error: {error}", style="red", markup=False)
            failed += 1
            continue
        for result in captions:
            if as_json:
                print(json.dumps({"image": str(path), **result.as_dict()}), flush=True)
            else:
                before = f"{path}: " if len(images) > 1 else ""
                print_caption(result.initial_text, result.text, before)
    if failed:
        raise typer.Exit(1)


def _write_table(
    job: Job, images: Sequence[Path], out: Path, workers: int, *, as_json: bool
) -> None:
    from mmser_ros.archive.run import caption_archive
    from mmser_ros.archive.sources import find_sources

    made, failed = caption_archive(job, find_sources(images), out, workers)
    if as_json:
        print(json.dumps({"out": str(out), "captions": made, "failed": failed}))
    else:
        print(f"{made} captions in {out}")
    if failed:
        errors.print(f"{failed} errors, told above: what they name has no caption", style="red")
        raise typer.Exit(1)


def _batch_size(batch: str | None) -> int | None:
    """Read `auto` (None) or `8`.

    Raises:
        MmserError: it is neither.
    """
    if batch in (None, "auto"):
        return None
    if batch.isdecimal() and int(batch) > 0:
        return int(batch)
    msg = f"--batch is {batch!r}; expected auto, or a whole number from 1 on"
    raise MmserError(msg)
