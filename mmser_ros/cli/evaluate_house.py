# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser evaluate house`: a robot explores homes, remembers, and goes to things."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli.options import (
    AsJson,
    Device,
    Model,
    Quantize,
    Refiner,
    Threads,
    TimeoutS,
)
from mmser_ros.core.console import errors, show_progress
from mmser_ros.core.resources import DEFAULT_MODEL

if TYPE_CHECKING:
    from mmser_ros.evaluation.house.captions import Eyes

NO_MODEL = "none"


def evaluate_house(
    homes: Annotated[int, typer.Option(min=1, help="Number of homes, from the seed on.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first home.")] = 1000,
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    refiner: Refiner = "",
    timeout_s: TimeoutS = 10.0,
    explorer: Annotated[
        Literal["frontiers", "active", "both"],
        typer.Option(
            help="frontiers; active: where there are none, what the memory wants another look at; "
            "both: compared, at equal distance."
        ),
    ] = "frontiers",
    distance: Annotated[float, typer.Option(min=1, help="Metres to explore.")] = 80.0,
    looks: Annotated[int, typer.Option(min=1, help="Most images of an exploration.")] = 400,
    errands: Annotated[int, typer.Option(min=1, help="Things to go to in each home.")] = 10,
    split: Annotated[
        Literal["train", "evaluation"],
        typer.Option(help="Designs of the homes; those of evaluation are never trained on."),
    ] = "evaluation",
    style: Annotated[
        Literal["short", "detailed"], typer.Option(help="Length of perfect captions.")
    ] = "detailed",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the result of each home; the same command continues it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explore simulated homes with captions of a model and with perfect ones, and score all of it.

    --model none runs perfect captions alone.
    """
    from mmser_ros.evaluation.house.one_home import ExplorerName, HouseSettings
    from mmser_ros.evaluation.house.report import compare, evaluate_homes, figures_of, summarize

    eyes = _eyes(model, device, quantize, threads, refiner, timeout_s, style)
    settings = HouseSettings(
        distance=distance, looks=looks, errands=errands, split=split, style=style, model=model
    )
    seeds = range(seed, seed + homes)
    result: dict[str, Any] = {"homes": homes, "seed": seed, "split": split, "model": model}
    names: tuple[ExplorerName, ...] = ("frontiers", "active")
    if explorer != "both":
        names = (explorer,)
    runs: dict[str, list] = {}
    for name in names:
        runs[name] = evaluate_homes(
            seeds, replace(settings, explorer=name), eyes, out, show_progress
        )
    if explorer == "both":
        result |= {name: summarize(run) for name, run in runs.items()}
        result["tests"] = {
            f"active less frontiers, {source}": compare(
                *(figures_of(runs[name], source) for name in names)
            )
            for source in eyes.sources
        }
    else:
        result |= {"explorer": explorer, **summarize(runs[explorer])}
    if eyes.model is not None and eyes.model.max_passes == 1:
        why = f"{eyes.model.name} makes one pass; take a model that refines, such as nano"
        result["refined"] = None
        result["notes"] = {"refined": f"{why}, or --refiner"}
        errors.print(f"refined: {why}", markup=False)
    _print(result, as_json)


def _eyes(
    model: str, device: str, quantize: str, threads: str, refiner: str, timeout_s: float,
    style: Literal["short", "detailed"],
) -> Eyes:  # fmt: skip
    from mmser_ros.captioner.opening import open_captioner
    from mmser_ros.captioner.settings import ModelSettings
    from mmser_ros.evaluation.house.captions import GLANCE, PERFECT, REFINED, Eyes

    if model == NO_MODEL:
        return Eyes((PERFECT,), None, style, 0)
    settings = ModelSettings(refiner=refiner, timeout_s=timeout_s)
    captioner = open_captioner(
        model, device=device, quantize=quantize, threads=threads, settings=settings
    )
    more = (REFINED,) if captioner.max_passes > 1 else ()
    return Eyes((GLANCE, *more, PERFECT), captioner, style, 0)


def _print(result: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
        return
    for name in ("frontiers", "active"):
        if name in result:
            _print_table(result[name], f"{result['homes']} homes, {name}")
    if "explorer" in result:
        _print_table(result, f"{result['homes']} homes, {result['explorer']}")


def _print_table(summary: Mapping[str, Any], title: str) -> None:
    """Figures down, sources of captions across."""
    sources = [one for one in ("glance", "refined", "perfect_captions") if summary.get(one)]
    table = Table(title=title)
    for column in ("figure", *sources):
        table.add_column(column)
    for figure in summary[sources[0]]:
        table.add_row(figure, *(f"{summary[one][figure]:.4g}" for one in sources))
    Console().print(table)
