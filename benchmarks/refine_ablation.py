# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the second look owes to what: table 3 of the paper, its data strategies, and seeds.

Each row is stage 2 anew, from the same glance, with one thing changed; then dev is captioned and
scored with both passes. A row that was finished is not trained again, so that the command may be
stopped and called again.

Prints one JSON object, and the table as Markdown to --table:
    python benchmarks/refine_ablation.py --data <Flickr8k folder> --model nano --work runs/ablation
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.shipped import find_model
from mmser_ros.evaluation.evaluate import evaluate
from mmser_ros.evaluation.planted import evaluate_planted
from mmser_ros.progress import show_progress
from mmser_ros.resources import share_path
from mmser_ros.training.datasets import Flickr8k
from mmser_ros.training.perturb import Lexicon, LexiconErrorMaker
from mmser_ros.training.recipe import RefineRecipe, read_refine_recipe
from mmser_ros.training.runs import run_refine


def connector(**changes: Any) -> Callable[[RefineRecipe], RefineRecipe]:
    """Another SeR-connector."""
    return lambda recipe: replace(recipe, ser_connector=replace(recipe.ser_connector, **changes))


def single_level(recipe: RefineRecipe) -> RefineRecipe:
    """Only the features that the glance sees too."""
    return connector(levels=recipe.levels[:1])(recipe)


def initial(*kinds: str) -> Callable[[RefineRecipe], RefineRecipe]:
    """Another data strategy; without captions given, the rewards stand alone."""

    def change(recipe: RefineRecipe) -> RefineRecipe:
        rewards = recipe.consensus
        if rewards and set(kinds) == {"own"}:
            rewards = replace(rewards, lesson=0.0)
        return replace(recipe, refine=replace(recipe.refine, initial=kinds), consensus=rewards)

    return change


def seed(number: int) -> Callable[[RefineRecipe], RefineRecipe]:
    """Another seed."""

    def change(recipe: RefineRecipe) -> RefineRecipe:
        rewards = recipe.consensus and replace(recipe.consensus, seed=number)
        return replace(recipe, refine=replace(recipe.refine, seed=number), consensus=rewards)

    return change


ROWS: dict[str, Callable[[RefineRecipe], RefineRecipe]] = {
    "caption and levels": lambda recipe: recipe,
    "caption and levels, seed 1": seed(1),
    "caption and levels, seed 2": seed(2),
    "caption only": single_level,
    "levels only": connector(reads_caption=False),
    "single glance with levels": connector(reads_caption=False, shows_caption=False),
    "data 1, own glances": initial("own"),
    "data 2, other pictures' captions": initial("other"),
    "data 4, planted errors and the truth": initial("planted", "planted", "planted", "truth"),
    "no rewards": lambda recipe: replace(recipe, consensus=None),
}
FIGURES = ("CIDEr", "BLEU-4", "METEOR", "CHAIR-i", "CHAIR-s")


def run(row: str, recipe: RefineRecipe, model: Path, data: Path, work: Path) -> dict[str, Any]:
    """Train and score one row, unless that was done before."""
    home = work / row.replace(" ", "-").replace(",", "").replace("'", "")
    result = home / "result.json"
    if not result.exists():
        out = home / "model"
        run_refine(recipe, model, data, out, home, show_progress, work / "features")
        captioner = Captioner.load(str(out))
        scored = evaluate(captioner, Flickr8k(data, "dev"), passes=(1, 2), progress=show_progress)
        maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
        planted = evaluate_planted(captioner, Flickr8k(data, "dev"), maker, progress=show_progress)
        result.write_text(json.dumps({**scored, "planted": planted["planted"]}, indent=2) + "\n")
    return json.loads(result.read_text())


def table(results: dict[str, dict[str, Any]]) -> str:
    """The rows as Markdown: each figure of both looks, and what happened to planted errors."""
    heads = ["", *FIGURES, "repaired", "kept"]
    lines = [" | ".join(["", *heads, ""]).strip(), "|" + "---|" * len(heads)]
    for row, result in results.items():
        one, two = result["passes"]["1"], result["passes"]["2"]
        cells = [
            f"{one[figure]:.3f} → {two[figure]:.3f}" if figure in one else "" for figure in FIGURES
        ]
        everything = result["planted"]["all"]
        cells += [f"{everything[share]:.3f}" for share in ("repaired", "kept")]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the rows asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Flickr8k")
    parser.add_argument("--model", default="nano", help="whose glance to start from")
    parser.add_argument("--recipe", type=Path, help="of stage 2; default: nano's")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS), metavar="ROW")
    parser.add_argument("--work", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--table", type=Path, help="Markdown file to write")
    asked = parser.parse_args()
    recipe = read_refine_recipe(asked.recipe or share_path("config/train/nano_refine.yaml"))
    model = find_model(asked.model)
    results = {}
    for row in asked.rows:
        results[row] = run(row, ROWS[row](recipe), model, asked.data, asked.work)
        if asked.table:
            asked.table.write_text(table(results))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
