# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser bench`: time, memory and energy of a model, beside plain transformers and LLaVA."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mmser_ros.cli.options import AsJson, Device, Quantize, Threads
from mmser_ros.core.errors import MmserError
from mmser_ros.core.resources import DEFAULT_MODEL


def bench(
    model: Annotated[
        str,
        typer.Option(help="small, nano, a checkpoint folder, or specialist (random weights)."),
    ] = DEFAULT_MODEL,
    compare: Annotated[
        str,
        typer.Option(
            metavar="NAME,…",
            help="What to compare with: transformers (float32, int8, and LLaVA-1.5-7B), "
            "hf:NAME, or none.",
        ),
    ] = "transformers",
    tokens: Annotated[
        str,
        typer.Option(metavar="N,…", help="Tokens of a caption; 0: as many as the model makes."),
    ] = "15,60",
    iterations: Annotated[int, typer.Option(min=1, help="Captions of each kind.")] = 100,
    images: Annotated[
        list[Path] | None, typer.Option("--image", help="Image to caption; default: noise.")
    ] = None,
    each_off: Annotated[
        bool, typer.Option("--each-off", help="Time the model with each optimisation off, too.")
    ] = False,
    device: Device = "auto",
    quantize: Quantize = "auto",
    threads: Threads = "auto",
    as_json: AsJson = False,
) -> None:
    """Time a model by stages, with its memory and energy, beside others: docs/performance.md.

    Each runs in a process of its own, and they caption in turn, one image at a time.
    """
    from mmser_ros.captioner.checks import check_device
    from mmser_ros.evaluation.bench.cases import Case, choose_cases
    from mmser_ros.evaluation.bench.run import run

    lengths = _lengths(tokens)
    ours = Case(
        "ours",
        "ours",
        model,
        longest=max(lengths),
        quantize=quantize,
        device=check_device(device),
        threads=threads,
    )
    names = [] if compare == "none" else [one.strip() for one in compare.split(",")]
    result = run(choose_cases(ours, names, each_off), _images(images), lengths, iterations)
    if as_json:
        print(json.dumps(result))
        return
    for length, figures in result["by_tokens"].items():
        Console().print(_table(result, length, figures))


def _lengths(tokens: str) -> list[int]:
    try:
        lengths = [int(one) for one in tokens.split(",")]
    except ValueError:
        lengths = [-1]
    if min(lengths) < 0:
        msg = f"--tokens is {tokens!r}; expected whole numbers from 0 on, such as 15,60"
        raise MmserError(msg)
    return lengths


def _images(paths: list[Path] | None) -> list[Any]:
    import numpy as np

    from mmser_ros.core.images import load_picture

    if paths:
        return [load_picture(one) for one in paths]
    return [np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)]


def _table(result: dict[str, Any], length: str, figures: dict[str, Any]) -> Table:
    """Figures down, what was timed across."""
    names = [name for name, one in figures.items() if isinstance(one, dict) and name != "speedup"]
    said = f"{length} tokens" if length != "0" else "tokens as the model makes them"
    table = Table("", *names, title=f"{result['model']}, {said}, batch 1")
    stages = dict.fromkeys(stage for name in names for stage in figures[name]["stages_ms"])
    rows = {key: [figures[name][key] for name in names] for key in ROWS}
    rows |= {f"{one} (ms)": [figures[n]["stages_ms"].get(one) for n in names] for one in stages}
    rows |= {key: [result[name][key] for name in names] for key in ("rss_mb", "vram_mb")}
    rows["times ours"] = [figures["speedup"].get(name) for name in names]
    for key, cells in rows.items():
        table.add_row(key, *("" if cell is None else f"{cell:.4g}" for cell in cells))
    second = figures["refinement_overhead"]
    share = figures["accepted_share"]
    table.caption = f"limit {figures['limit_ms']:.4g} ms; refinement "
    table.caption += figures["refinement"] if second is None else f"+{second:.1%}"
    table.caption += "" if share is None else f", {share:.0%} of the draft accepted"
    scaled = [f"{name}: {result[name]['scaled']}" for name in names if result[name].get("scaled")]
    table.caption += "".join(f"\n{one}" for one in scaled)
    return table


ROWS = (
    *("glance_ms", "glance_p99_ms", "glance_joules"),
    *("caption_ms", "caption_p99_ms", "caption_joules"),
)
