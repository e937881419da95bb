# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser calibrate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli_options import (
    AsJson,
    DataSet,
    Device,
    Limit,
    Model,
    Passes,
    Quantize,
    Root,
    Split,
    check_data_set,
    pass_numbers,
)
from mmser_ros.progress import show_progress
from mmser_ros.resources import DEFAULT_MODEL


def calibrate(
    root: Root,
    out: Annotated[Path, typer.Option(help="Checkpoint folder to write.")],
    data: DataSet = "flickr8k",
    split: Split = "dev",
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    quantize: Quantize = "auto",
    passes: Passes = "1",
    limit: Limit = None,
    diagram: Annotated[
        Path | None, typer.Option(help="Picture of the reliability to write, such as a PNG.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make confidence the probability that a caption names nothing that is not there."""
    from mmser_ros.captioner.captioner import Captioner
    from mmser_ros.captioner.checkpoint import save_calibrated
    from mmser_ros.captioner.shipped import find_model
    from mmser_ros.evaluation.calibrate import FOLDS
    from mmser_ros.evaluation.calibrate import calibrate as fit
    from mmser_ros.evaluation.reliability import BINS, reliability_diagram
    from mmser_ros.pictures import save_picture
    from mmser_ros.training.datasets import Flickr8k

    check_data_set(data)
    numbers = pass_numbers(passes)
    captioner = Captioner.load(model, device=device, quantize=quantize)
    split_data = Flickr8k(root, split)
    fitted = fit(captioner, split_data, passes=numbers, limit=limit, progress=show_progress)
    save_calibrated(find_model(model), out, [one.calibration for one in fitted.values()])
    if diagram is not None:
        panels = {f"passes {n}": one.curves for n, one in fitted.items()}
        save_picture(reliability_diagram(panels), diagram)
    count = len(fitted[numbers[0]].before.right)
    result = {
        "n": count,
        "model": captioner.name,
        "quantize": captioner.quantize,
        "corrupt": sorted(set(split_data.corrupt)),
        "bins": BINS,
        "folds": FOLDS,
        "passes": {
            str(number): {
                "right": float(one.before.right.mean()),
                **{name: curve.scores() for name, curve in one.curves.items()},
            }
            for number, one in fitted.items()
        },
    }
    if as_json:
        print(json.dumps(result))
        return
    table = Table(title=f"{captioner.name} on {data} {split}, {count} pictures")
    for column in ("passes", "", "right", *fitted[numbers[0]].before.scores()):
        table.add_column(column)
    for number, one in fitted.items():
        for name, curve in one.curves.items():
            figures = (curve.right.mean(), *curve.scores().values())
            table.add_row(str(number), name, *(f"{figure:.4g}" for figure in figures))
    Console().print(table)
    Console().print(f"checkpoint written to {out}")
