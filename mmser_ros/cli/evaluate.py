# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser evaluate`: score captions of data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli.evaluate_house import evaluate_house
from mmser_ros.cli.options import (
    AsJson,
    Beams,
    Compile,
    Crops,
    Data,
    Device,
    Limit,
    MaxTokens,
    Model,
    Part,
    Passes,
    Prompt,
    Quantize,
    Refiner,
    Revision,
    Sets,
    Split,
    Style,
    Threads,
    TimeoutS,
    pass_numbers,
    set_names,
)
from mmser_ros.core.console import errors, show_progress
from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import DEFAULT_MODEL

if TYPE_CHECKING:
    from mmser_ros.captioner.protocol import CaptionModel
    from mmser_ros.data.picture_sets import PictureSet


evaluate_app = typer.Typer(
    no_args_is_help=True, help="Score captions of data sets, and the whole system in homes."
)
evaluate_app.command("house")(evaluate_house)


@evaluate_app.command("model")
def evaluate_model(
    data: Data,
    sets: Sets = None,
    split: Split = "dev",
    part: Part = "all",
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    passes: Passes = "1",
    beams: Beams = 1,
    limit: Limit = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="JSON file for the captions: {set: {image: caption}}. With several passes one "
            "file each: NAME_1.json, NAME_2.json, …"
        ),
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
    """Caption data sets with a model and score the captions against human captions and labels."""
    from mmser_ros.captioner.opening import open_captioner
    from mmser_ros.captioner.settings import ModelSettings
    from mmser_ros.data.picture_sets import open_sets

    numbers = pass_numbers(passes)
    opened = open_sets(data, split, set_names(sets), part)
    _report(opened)
    captioner = open_captioner(
        model,
        device=device,
        quantize=quantize,
        threads=threads,
        settings=ModelSettings(
            prompt, style, max_tokens, revision, refiner, crops, compile_model, timeout_s
        ),
    )
    spread = [one.spread(limit) for one in opened]
    result = _score_model(captioner, data, spread, numbers, beams, out)
    _print(result, "passes", split, as_json)


@evaluate_app.command("captions")
def evaluate_captions(
    files: Annotated[
        list[Path], typer.Argument(help="JSON files of captions: {set: {image: caption}}.")
    ],
    data: Data,
    sets: Sets = None,
    split: Split = "dev",
    part: Part = "all",
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Score captions from JSON files; compare the second and later files with the first."""
    result = _score_files(files, data, set_names(sets), split, part, limit)
    _print(result, "captions", split, as_json)


@evaluate_app.command("planted")
def evaluate_planted(
    data: Data,
    sets: Annotated[
        str | None, typer.Option(metavar="SET,…", help="Data sets to use; default: flickr8k.")
    ] = None,
    split: Split = "dev",
    part: Part = "all",
    model: Model = "nano",  # of the shipped models, the one that refines
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Score how a model corrects human captions with one planted error each."""
    from mmser_ros.captioner.opening import open_captioner
    from mmser_ros.data.picture_sets import open_sets

    names = set_names(sets)
    opened = open_sets(data, split, names, part)
    _report(opened)
    captioner = open_captioner(model, device=device, quantize=quantize, threads=threads)
    result = _score_planted(captioner, opened, names is None, limit)
    _print(result, "planted", split, as_json)


def _print(result: Mapping[str, Any], kind: str, split: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
        return
    for name, scores in result["sets"].items():
        title = f"{result['model']} on {name} {split}, {scores['n']} images"
        Console().print(_table(title, kind, scores))


def _score_model(
    captioner: CaptionModel,
    data: Path,
    sets: Sequence[PictureSet],
    passes: Sequence[int],
    beams: int,
    out: Path | None,
) -> dict[str, Any]:
    from mmser_ros.evaluation.caption_files import write_captions
    from mmser_ros.evaluation.evaluate import caption_sets, score_sets
    from mmser_ros.evaluation.scoring import judging

    said = caption_sets(captioner, sets, passes=passes, beams=beams, progress=show_progress)
    for number, some in said.items():
        if out is not None:
            several = len(said) > 1
            file = out.with_name(f"{out.stem}_{number}{out.suffix}") if several else out
            write_captions(file, some)
    with judging(data, sets) as judge:
        scored = score_sets(judge, sets, said, "passes")
    return {"model": captioner.name, "quantize": captioner.quantize, "beams": beams, "sets": scored}


def _score_files(
    files: Sequence[Path],
    data: Path,
    names: list[str] | None,
    split: str,
    part: str,
    limit: int | None,
) -> dict[str, Any]:
    from mmser_ros.data.picture_sets import open_sets
    from mmser_ros.evaluation.caption_files import match_captions, read_captions
    from mmser_ros.evaluation.evaluate import score_sets
    from mmser_ros.evaluation.scoring import judging

    said = {file.stem: read_captions(file) for file in files}
    if len(said) < len(files):
        msg = "two files of captions have the same name; rename one, as the name is their label"
        raise MmserError(msg)
    wanted = names or [*next(iter(said.values()))]
    sets = [one.spread(limit) for one in open_sets(data, split, wanted, part)]
    _report(sets)
    matched = match_captions(said, sets)
    with judging(data, sets) as judge:
        scored = score_sets(judge, sets, matched, "captions")
    return {"model": ", ".join(said), "sets": scored}


def _score_planted(
    captioner: CaptionModel, sets: Sequence[PictureSet], default: bool, limit: int | None
) -> dict[str, Any]:
    from mmser_ros.core.resources import share_path
    from mmser_ros.data.perturbation.perturb import Lexicon, LexiconErrorMaker
    from mmser_ros.evaluation.error_correction import evaluate_planted as score

    captioned = [
        one.where(lambda example: bool(example.captions)).spread(limit)
        for one in sets
        if one.captions and (not default or one.name == "flickr8k")
    ]
    if not captioned:
        msg = (
            f"errors are planted in human captions, and {', '.join(one.name for one in sets)} have "
            "none; name sets with captions by --sets, such as flickr8k,coco"
        )
        raise MmserError(msg)
    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    scored = {one.name: score(captioner, one, maker, progress=show_progress) for one in captioned}
    return {"model": captioner.name, "quantize": captioner.quantize, "sets": scored}


def _report(sets: Sequence[PictureSet]) -> None:
    for one in sets:
        errors.print(one.report(), markup=False)


def _table(title: str, kind: str, scores: Mapping[str, Any]) -> Table:
    """Measures down, captioners across; a star marks a difference whose interval leaves out 0."""
    columns = scores[kind]
    differences = scores.get("differences", {})
    table = Table(title=title)
    for column in [
        kind,
        *columns,
        *(f"{label} less {next(iter(columns))}" for label in differences),
    ]:
        table.add_column(column)
    for measure in next(iter(columns.values())):
        cells = []
        for label, figures in columns.items():
            interval = scores.get("intervals", {}).get(label, {}).get(measure)
            bounds = f" [{interval[0]:.3g}, {interval[1]:.3g}]" if interval else ""
            cells.append(f"{figures[measure]:.4g}{bounds}")
        for changes in differences.values():
            cells.append(_difference(changes.get(measure)))
        table.add_row(measure, *cells)
    return table


def _difference(change: Mapping[str, float] | None) -> str:
    if change is None:
        return ""
    star = "*" if change["low"] > 0 or change["high"] < 0 else ""
    return f"{change['value']:+.3g}{star} [{change['low']:+.3g}, {change['high']:+.3g}]"
