# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser compare`: captions, scores, time and memory of several models side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli.options import (
    AsJson,
    Beams,
    Compile,
    Crops,
    Data,
    Device,
    MaxTokens,
    Part,
    Prompt,
    Quantize,
    Refiner,
    Revision,
    Sets,
    Split,
    Style,
    Threads,
    TimeoutS,
    one_pass_number,
    set_names,
)
from mmser_ros.core.console import errors
from mmser_ros.core.errors import MmserError

if TYPE_CHECKING:
    import numpy as np

    from mmser_ros.data.picture_sets import PictureSet
    from mmser_ros.evaluation.compare import Measured


def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Models: names of shipped ones, checkpoint folders, hf:NAME, openai:NAME@URL or "
            "python:MODULE.CLASS."
        ),
    ],
    data: Data,
    sets: Sets = None,
    split: Split = "dev",
    part: Part = "all",
    limit: Annotated[
        int, typer.Option(min=1, help="Maximum number of images of each set, evenly spread.")
    ] = 50,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    passes: Annotated[str, typer.Option(metavar="N", help="Number of passes.")] = "1",
    beams: Beams = 1,
    out: Annotated[
        Path | None, typer.Option(help="Page with the images and captions, such as compare.html.")
    ] = None,
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
    """Caption the same images with several models; compare captions, scores, time and memory.

    Options for hf: and openai: models do not change models of this package, so that they can be
    compared. Images that a model fails on are counted, and scored for none. A model whose first
    images all fail is left out, and the exit status is 1.
    """
    from mmser_ros.captioner.opening import is_from_elsewhere
    from mmser_ros.captioner.settings import ModelSettings
    from mmser_ros.evaluation.caption_files import match_captions
    from mmser_ros.evaluation.compare import Pictures, measure
    from mmser_ros.evaluation.evaluate import score_sets
    from mmser_ros.evaluation.scoring import judging
    from mmser_ros.visualization.comparison_page import comparison_page

    if len(set(models)) < len(models):
        msg = f"a model is given twice in {', '.join(models)}; give each model once"
        raise MmserError(msg)
    if out is not None:  # before captions that take hours
        out.parent.mkdir(parents=True, exist_ok=True)
        out.open("a").close()
    pictures = Pictures(data, split, set_names(sets), part, limit)
    opened = pictures.open()
    for one in opened:
        errors.print(one.report(), markup=False)
    settings = ModelSettings(
        prompt,
        style,
        max_tokens,
        revision,
        refiner=refiner,
        crops=crops,
        compile=compile_model,
        timeout_s=timeout_s,
    )
    options: dict[str, Any] = {"device": device, "quantize": quantize, "threads": threads}
    options |= {"passes": one_pass_number(passes), "beams": beams}
    measured: dict[str, Measured] = {}
    for model in models:
        try:
            given = {"settings": settings} if is_from_elsewhere(model) else {}
            measured[model] = measure(model, {**options, **given}, pictures)
        except MmserError as error:
            errors.print(f"error: {model}: {error}", style="red", markup=False)
            continue
        for (name, picture), why in [*measured[model].failed.items()][:1]:
            said = f"{model}: {len(measured[model].failed)} images failed, and are scored for no "
            said += f"model; the first, {name} {picture}: {why}"
            errors.print(said, style="yellow", markup=False)
    if not measured:
        raise typer.Exit(1)
    captions = match_captions({model: one.captions for model, one in measured.items()}, opened)
    with judging(data, opened) as judge:
        scored = score_sets(judge, opened, captions, "models")
    costs = {
        model: {"device": one.device, "quantize": one.quantize, **one.costs()}
        for model, one in measured.items()
    }
    tables = {"Time and memory": {model: one.costs() for model, one in measured.items()}}
    tables |= {
        f"{name} {split}, {scores['n']} images": scores["models"] for name, scores in scored.items()
    }
    if out is not None:
        page = comparison_page(tables, _rows(opened, measured))
        out.write_text(page, encoding="utf-8")
    if as_json:
        print(json.dumps({"models": costs, "sets": scored}))
    else:
        for heading, table in tables.items():
            Console().print(_table(heading, table))
    if len(measured) < len(models):
        raise typer.Exit(1)


def _rows(
    sets: Sequence[PictureSet], measured: Mapping[str, Measured]
) -> Iterator[tuple[str, np.ndarray, dict[str, str]]]:
    for one in sets:
        for name, image in one.pictures():
            if image is not None:
                said = {model: _said(m, one.name, name) for model, m in measured.items()}
                yield f"{one.name} {name}", image, said


def _said(measured: Measured, of: str, name: str) -> str:
    caption = measured.captions[of].get(name)
    return caption.text if caption else f"failed: {measured.failed[of, name].splitlines()[-1]}"


def _table(heading: str, figures: Mapping[str, Mapping[str, float]]) -> Table:
    """Measures down, models across."""
    table = Table("", *figures, title=heading)
    for measure in dict.fromkeys(key for some in figures.values() for key in some):
        cells = (f"{some[measure]:.4g}" if measure in some else "" for some in figures.values())
        table.add_row(measure, *cells)
    return table
