# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Quality and share of refined captions by the confidence below which captions are refined.

Captions images that were kept from training, by the glance and by two passes, once. For each share
of the images, those with the lowest confidence of the glance, it takes the refined captions, and
scores all.

Prints one JSON object, and the table as Markdown to --table:
    python benchmarks/refine_curve.py --data <folder of sets> --sets flickr8k --last 150
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.core.console import show_progress
from mmser_ros.data.picture_sets import PictureSet, open_sets
from mmser_ros.evaluation.bootstrap import Figure, difference
from mmser_ros.evaluation.evaluate import ConfidentCaption, caption_sets
from mmser_ros.evaluation.metrics import score_figures

SHARES = tuple(number / 10 for number in range(10, -1, -1))
Captions = Mapping[str, ConfidentCaption]
"""Image → caption."""


def curve(
    glances: Captions, refined: Captions, references: Mapping[str, Sequence[str]]
) -> list[dict[str, float]]:
    """Figures by the share that is refined.

    Args:
        glances: captions of the glance, with their confidences.
        refined: captions of two passes of the same images.
        references: human captions of the same images.

    Returns:
        For each of SHARES `refine_below`, the `share` of the captions that is refined below it and
        the share that is `other` then, `CIDEr`, and the `change` to refining all, with the bounds
        `low` and `high` of its 95 % interval.
    """
    one, two = (
        score_figures({name: caption.text for name, caption in some.items()}, references)["CIDEr"]
        for some in (glances, {name: refined[name] for name in glances})
    )
    assert one.above is not None
    assert two.above is not None
    other = np.array([one.text != refined[name].text for name, one in glances.items()])
    confidences = np.array([caption.confidence for caption in glances.values()])
    rows = []
    for share in SHARES:
        below = 1.0 if share == 1.0 else float(np.quantile(confidences, share))
        chosen = (confidences < below) | (share == 1.0)
        mixed = Figure.mean(np.where(chosen, two.above, one.above))
        change = difference(two, mixed)
        assert change
        rows.append(
            {
                "refine_below": below,
                "share": float(chosen.mean()),
                "other": float((chosen & other).mean()),
                "CIDEr": mixed.value,
                "change": change.value,
                "low": change.low,
                "high": change.high,
            }
        )
    return rows


def last_of(pictures: PictureSet, count: int) -> PictureSet:
    """The last images of a set; 0: all."""
    names = set(list(pictures.examples)[-count:])
    return pictures.where(lambda one: one.name in names)


def table(rows: Sequence[Mapping[str, float]]) -> str:
    """The rows as Markdown."""
    heads = ["`refine_below`", "refined", "other then", "CIDEr", "change (95 % interval)"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for one in rows:
        change = f"{one['change']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
        cells = [f"{one['refine_below']:.3f}", f"{one['share']:.0%}", f"{one['other']:.0%}"]
        lines.append(f"| {' | '.join([*cells, format(one['CIDEr'], '.3f'), change])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Caption, score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of sets")
    parser.add_argument("--sets", nargs="+", help="sets with human captions; default: all")
    parser.add_argument("--model", default="nano", help="model that refines")
    parser.add_argument("--quantize", default="int8")
    parser.add_argument(
        "--last",
        type=int,
        default=0,
        help="the last images of train in place of the validation images; nano's recipe kept 200",
    )
    parser.add_argument("--table", type=Path, help="Markdown file to write")
    asked = parser.parse_args()
    part = "all" if asked.last else "validation"
    sets = [last_of(one, asked.last) for one in open_sets(asked.data, "train", asked.sets, part)]
    captioner = Captioner.load(asked.model, quantize=asked.quantize)
    said = caption_sets(captioner, sets, passes=(1, 2), progress=show_progress)
    glances, refined = (
        {f"{one.name}/{name}": caption for one in sets for name, caption in some[one.name].items()}
        for some in (said["1"], said["2"])
    )
    human = {f"{one.name}/{name}": it.captions for one in sets for name, it in one.examples.items()}
    references = {name: human[name] for name in glances}
    rows = curve(glances, refined, references)
    result = {"model": asked.model, "quantize": asked.quantize, "images": len(glances)}
    print(json.dumps({**result, "rows": rows}))
    if asked.table:
        asked.table.write_text(table(rows))


if __name__ == "__main__":
    main()
