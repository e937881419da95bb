# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ablation of refinement: table 3 of the paper, our own parts, and seeds.

Each row trains refinement from the same glance with one change, or removes a part from the first
row's model. Then dev is captioned and scored with both passes. Finished rows are not repeated, so
the command can be stopped and called again.

Prints one JSON object, and the table as Markdown to --table:
    python benchmarks/refine_ablation.py --data <Flickr8k folder> --model nano --work runs/ablation
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import load_checkpoint
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.shipped import find_model
from mmser_ros.core.console import show_progress
from mmser_ros.core.resources import share_path
from mmser_ros.data.perturbation.perturb import Lexicon, LexiconErrorMaker
from mmser_ros.data.picture_sets import open_sets
from mmser_ros.evaluation.error_correction import evaluate_planted
from mmser_ros.evaluation.evaluate import caption_sets, score_sets
from mmser_ros.evaluation.scoring import judging
from mmser_ros.training.recipe import RefineRecipe, read_refine_recipe
from mmser_ros.training.runs import run_refine

Change = Callable[[RefineRecipe], RefineRecipe]
BASE = "single glance with levels (ships)"


def seed(number: int) -> Change:
    """Another seed."""

    def change(recipe: RefineRecipe) -> RefineRecipe:
        names = ("refine", "consensus", "concepts", "proofread")
        stages = {name: getattr(recipe, name) for name in names}
        some = {name: replace(one, seed=number) for name, one in stages.items() if one}
        return replace(recipe, **some)

    return change


def connector(**changes: Any) -> Change:
    """Another SeR-connector."""
    return lambda recipe: replace(recipe, ser_connector=replace(recipe.ser_connector, **changes))


TRAINED: dict[str, tuple[str, Change]] = {
    BASE: ("nano_refine", seed(0)),
    f"{BASE}, seed 1": ("nano_refine", seed(1)),
    f"{BASE}, seed 2": ("nano_refine", seed(2)),
    "caption and levels": ("nano_ser", seed(0)),
    "caption only": ("nano_ser", connector(levels=(17,))),
    "levels only": ("nano_ser", connector(reads_caption=False)),
}
"""Recipes in config/train, and the change. All have the mirror image and concepts; the last three
also have a SeR-connector."""
REDUCED: dict[str, dict[str, Any]] = {
    "without the mirror image": {"mirror": False},
    "without concepts": {"concepts": None},
}
"""Parts that are removed from the first row's model, without a new training."""
ROWS = (*TRAINED, *REDUCED)
FIGURES = ("CIDEr", "BLEU-4", "METEOR", "CHAIR-i", "CHAIR-s")
SHARES = ("repaired", "restored", "kept")


def run(row: str, model: Path, data: Path, work: Path) -> dict[str, Any]:
    """Train and score one row, unless it is finished."""
    home = folder(work, row)
    result = home / "result.json"
    if not result.exists():
        trained = BASE if row in REDUCED else row
        out = folder(work, trained) / "model"
        if not (out / "config.json").exists():
            name, change = TRAINED[trained]
            recipe = change(read_refine_recipe(share_path(f"config/train/{name}.yaml")))
            run_refine(recipe, model, data, out, out.parent, show_progress, work / "features")
        specialist, tokenizer = load_checkpoint(out)
        if row in REDUCED:
            remove_part(specialist, REDUCED[row])
        captioner = Captioner(specialist, tokenizer)
        home_of_sets = data.resolve().parent
        (dev,) = open_sets(home_of_sets, "dev", [data.resolve().name])
        captions = caption_sets(captioner, [dev], passes=(1, 2), progress=show_progress)
        with judging(home_of_sets, [dev]) as judge:
            scored = score_sets(judge, [dev], captions, "passes")[dev.name]
        maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
        planted = evaluate_planted(captioner, dev, maker, progress=show_progress)
        home.mkdir(parents=True, exist_ok=True)
        result.write_text(json.dumps({**scored, "planted": planted["planted"]}, indent=2) + "\n")
    return json.loads(result.read_text())


def folder(work: Path, row: str) -> Path:
    """The folder of a row."""
    return work / re.sub("[^a-z0-9]+", "-", row).strip("-")


def remove_part(specialist: Specialist, changes: dict[str, Any]) -> None:
    """Remove a part of refinement."""
    config = specialist.config.ser_connector
    assert config
    config = replace(config, **changes)
    specialist.config = replace(specialist.config, ser_connector=config)
    if config.concepts is None:
        specialist.ser_connector.concepts = None


def table(results: dict[str, dict[str, Any]]) -> str:
    """The rows as Markdown: figures of both passes, and shares of planted errors."""
    heads = ["", *FIGURES, *SHARES]
    lines = [" | ".join(["", *heads, ""]).strip(), "|" + "---|" * len(heads)]
    for row, result in results.items():
        one, two = result["passes"]["1"], result["passes"]["2"]
        cells = [
            f"{one[figure]:.3f} → {two[figure]:.3f}" if figure in one else "" for figure in FIGURES
        ]
        everything = result["planted"]["all"]
        cells += [f"{everything[share]:.3f}" for share in SHARES]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the chosen rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Flickr8k")
    parser.add_argument("--model", default="nano", help="model whose glance is used")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS, metavar="ROW")
    parser.add_argument("--work", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--table", type=Path, help="Markdown file to write")
    asked = parser.parse_args()
    model = find_model(asked.model)
    results = {}
    for row in asked.rows:
        results[row] = run(row, model, asked.data, asked.work)
        if asked.table:
            asked.table.write_text(table(results))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
