# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Precision, recall and speed of the caption parser on hand-labelled captions.

`held_out` is the figure to report: these captions were labelled before the rules were written, and
no rule was written for them. Prints precision and recall by kind, or one JSON object with --json:
    python benchmarks/caption_parsing.py --json
"""

import argparse
import json
import platform
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from mmser_ros.evaluation.caption_parsing import score_parsing
from mmser_ros.language.caption_parser import CaptionParser

LABELS = Path(__file__).parents[1] / "test/language/caption_parsing.json"
SPLITS = ("develop", "held_out")


def run(labels: Path) -> dict[str, Any]:
    labelled = json.loads(labels.read_text(encoding="utf-8"))
    parser = CaptionParser()
    parser.parse("a cup")  # loads the model
    times = []
    for split in SPLITS:
        for one in labelled[split]:
            began = process_time()
            parser.parse(one["caption"])
            times.append(1000 * (process_time() - began))
    return {
        "machine": platform.machine(),
        "captions": {split: len(labelled[split]) for split in SPLITS},
        "median_cpu_ms": round(median(times), 2),
        **{split: score_parsing(parser, labelled[split]) for split in SPLITS},
    }


def show(result: dict[str, Any]) -> None:
    for split in SPLITS:
        print(f"{split}, {result['captions'][split]} captions")
        for kind, score in result[split].items():
            print(
                f"  {kind:12} precision {score['precision']:.3f}  recall {score['recall']:.3f}"
                f"  of {score['labelled']}"
            )
    print(f"{result['median_cpu_ms']} ms of one core per caption (median)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = run(options.labels)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)
