# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser calibrate`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli.options import (
    AsJson,
    Data,
    Device,
    Limit,
    OwnModel,
    Part,
    Passes,
    Quantize,
    Sets,
    Split,
    Threads,
    pass_numbers,
    set_names,
)
from mmser_ros.core.console import errors, show_progress
from mmser_ros.core.resources import DEFAULT_MODEL

if TYPE_CHECKING:
    from mmser_ros.evaluation.calibrate import Fitted
    from mmser_ros.evaluation.calibration_error import Reliability


def calibrate(
    data: Data,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")],
    sets: Sets = None,
    split: Split = "train",
    part: Part = "validation",
    model: OwnModel = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    passes: Passes = "1",
    limit: Limit = None,
    domain: Annotated[
        bool,
        typer.Option("--domain", help="The images are of the model's domain."),
    ] = False,
    diagram: Annotated[
        Path | None, typer.Option(help="Reliability diagram to write, such as diagram.png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit the confidence: the probability that a caption names nothing that is absent."""
    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.captioner.checkpoint import save_calibrated
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.core.images import save_picture
    from mmser_ros.data.picture_sets import open_sets
    from mmser_ros.evaluation.calibrate import FOLDS
    from mmser_ros.evaluation.calibrate import calibrate as fit
    from mmser_ros.evaluation.calibration_error import BINS, reliability_diagram
    from mmser_ros.evaluation.scoring import Judge

    numbers = pass_numbers(passes)
    opened = [one.spread(limit) for one in open_sets(data, split, set_names(sets), part)]
    for one in opened:
        errors.print(one.report(), markup=False)
    captioner = Captioner.load(model, device=device, quantize=quantize, threads=threads)
    fitted = fit(captioner, Judge(data), opened, passes=numbers, progress=show_progress)
    calibrations = [one.calibration for one in fitted.values()]
    save_calibrated(find_model(model), out, calibrations, domain=domain)
    if diagram is not None:
        panels = {f"passes {n}": one.curves for n, one in fitted.items()}
        save_picture(reliability_diagram(panels), diagram)
    result = {
        "model": captioner.name,
        "quantize": captioner.quantize,
        "corrupt": {one.name: sorted(set(one.corrupt)) for one in opened},
        "bins": BINS,
        "folds": FOLDS,
        "passes": {
            str(number): {
                **_scores(one.curves),
                "sets": {name: _scores(curves) for name, curves in one.by_set().items()},
            }
            for number, one in fitted.items()
        },
    }
    if as_json:
        print(json.dumps(result))
        return
    for number, of_passes in fitted.items():
        Console().print(_table(f"{captioner.name}, {split} {part}, passes {number}", of_passes))
    Console().print(f"checkpoint written to {out}")


def _scores(curves: Mapping[str, Reliability]) -> dict[str, Any]:
    right = curves["before"].right
    return {
        "n": len(right),
        "right": float(right.mean()),
        **{name: curve.scores() for name, curve in curves.items()},
    }


def _table(title: str, fitted: Fitted) -> Table:
    """A row before and after for each set, and for all of them."""
    columns = tuple(fitted.before.scores())
    table = Table(title=title)
    for column in ("images of", "n", "right", "", *columns):
        table.add_column(column)
    for name, curves in {**fitted.by_set(), "all": fitted.curves}.items():
        for which, curve in curves.items():
            scores = curve.scores()
            figures = (f"{scores[one]:.3f}" if one in scores else "" for one in columns)
            table.add_row(name, str(len(curve.right)), f"{curve.right.mean():.3f}", which, *figures)
    return table
