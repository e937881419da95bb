# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scores of the scene memory in simulated houses, by the error rate of captions.

House, walk, camera and errors come from mmser_ros/simulation, scores from
mmser_ros/evaluation/scene_graph.py. Each score is the mean over the seeds. The same observations
are also applied with each part switched off, with each weight of the captions' confidence, and
without depth. Parameters were tuned on the seeds 1 to 9 and 201 to 206; other seeds are reported.

Prints one JSON object:
    python benchmarks/memory_house.py --json

With --confusions the captions have the errors of a model (benchmarks/confused_walk.py).
The file is made from its captions, {image: caption} or
{image: {"caption": …, "confidence": …}}, and from the objects in the images, {image: [words]}:
    python benchmarks/memory_house.py --make-confusions captions.json truth.json > confusions.json
    python benchmarks/memory_house.py --confusions confusions.json --json
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.confused_walk import ConfusedWalk
from benchmarks.confusions import (
    count_confusions,
    listed_objects,
    parsed_objects,
    read_confusions,
)
from benchmarks.plain_words import PlainParser, PlainWords
from mmser_ros.core.errors import MmserError
from mmser_ros.evaluation.scene_graph import score
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.memory.config import MemoryConfig
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.house import House
from mmser_ros.simulation.walk import Walk

SWITCHES = {
    "evidence": {"use_evidence": False},
    "geometry_check": {"check_geometry": False},
    "refinement_weight": {"weigh_refinement": False},
}
MOVED = 6
METRICS = ("object_f1", "relation_f1", "room_accuracy", "position_error_m")
Scores = dict[str, float]
MakeWalk = Callable[[House, int, bool], Walk]
"""A walk in a house by its seed, with depth or without."""


def by_rate(rate: float) -> MakeWalk:
    return lambda house, seed, depth: Walk(house, rate, seed, depth=depth)


def by_confusions(path: Path) -> MakeWalk:
    counted, words = read_confusions(path), Taxonomy()
    return lambda house, seed, depth: ConfusedWalk(house, counted, words, seed, depth=depth)


def explore(
    seed: int, make: MakeWalk, keyframes: int, configs: dict[str, MemoryConfig], readers: Callable,
    *, depth: bool = True,
) -> dict[str, Scores]:  # fmt: skip
    house = House(seed)
    walk = make(house, seed + 1000, depth)
    memories = {
        name: SceneMemory.open(None, "house", config=config, **readers())
        for name, config in configs.items()
    }
    for observation in walk.observations(keyframes, moved=MOVED):
        for memory in memories.values():
            memory.add(observation)
    return {name: score(memory, house, walk) for name, memory in memories.items()}


def report(
    seeds: list[int], walks: dict[str, MakeWalk], keyframes: int, weights: list[float],
    *, plain: bool, parts: bool,
) -> dict:  # fmt: skip
    """Figures by the name of the walk; `weights` are confidence weights to compare."""
    parser, words = (PlainParser(), PlainWords()) if plain else (CaptionParser(), Taxonomy())
    weighed = {f"confidence_weight {one}": MemoryConfig(confidence_weight=one) for one in weights}
    configs = {"": MemoryConfig(), **weighed}
    if parts:
        configs |= {name: MemoryConfig(**change) for name, change in SWITCHES.items()}

    def readers() -> dict:
        return {"parser": parser, "words": words}

    runs: dict[str, dict[str, list[Scores]]] = {}
    for walk, make in walks.items():
        for seed in seeds:
            found = explore(seed, make, keyframes, configs, readers)
            if parts:
                alone = {"depth": MemoryConfig()}
                found |= explore(seed, make, keyframes, alone, readers, depth=False)
            for name, scores in found.items():
                runs.setdefault(name, {}).setdefault(walk, []).append(scores)

    def table(name: str) -> dict:
        return {
            metric: {
                walk: round(mean(one[metric] for one in scores), 4)
                for walk, scores in runs[name].items()
            }
            for metric in METRICS
        }

    whole = table("")
    setting = {
        "keyframes": keyframes,
        "moved_objects": MOVED,
        "seeds": seeds,
        "plain_parser": plain,
    }
    whole["relation_f1_worst"] = {
        walk: round(min(one["relation_f1"] for one in scores), 4)
        for walk, scores in runs[""].items()
    }
    return {
        **whole,
        "confidence_weight": MemoryConfig().confidence_weight,
        "by_confidence_weight": {
            str(one): table(name) for one, name in zip(weights, weighed, strict=True)
        },
        "without": {name: table(name) for name in runs if name and name not in weighed},
        **setting,
    }


def make_confusions(captions: Path, truth: Path, listed: Path | None) -> dict[str, Any]:
    """What `--confusions` reads; of the words in a file (one a line) where that is given."""
    said, there = (json.loads(one.read_text(encoding="utf-8")) for one in (captions, truth))
    full = {name: one if isinstance(one, dict) else {"caption": one} for name, one in said.items()}
    words = Taxonomy()
    read = parsed_objects(CaptionParser(), words)
    if listed is not None:
        read = listed_objects(listed.read_text(encoding="utf-8").splitlines())
    return count_confusions(
        {name: one["caption"] for name, one in full.items()},
        there,
        read=read,
        words=words,
        confidences={name: one["confidence"] for name, one in full.items() if "confidence" in one},
    ).as_dict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one line; otherwise indented")
    parser.add_argument("--seeds", type=int, nargs="+", default=[301, 302, 303, 304, 305])
    parser.add_argument("--errors", type=float, nargs="+", default=[0.0, 0.1, 0.3])
    parser.add_argument("--keyframes", type=int, default=2000)
    parser.add_argument("--plain-parser", action="store_true", help="the tests' parser")
    parser.add_argument("--whole-only", action="store_true", help="no part switched off")
    parser.add_argument(
        "--confidence-weights", type=float, nargs="*", default=[0.0], metavar="WEIGHT",
        help="weights of the captions' confidence to compare, 0 to 1; 0: without it",
    )  # fmt: skip
    parser.add_argument(
        "--confusions", type=Path, metavar="FILE", help="wrong as a model is, instead of --errors"
    )
    parser.add_argument(
        "--make-confusions", type=Path, nargs=2, metavar=("CAPTIONS", "TRUTH"),
        help="print such a file of a model's captions and of what is there, and end",
    )  # fmt: skip
    parser.add_argument(
        "--words", type=Path, metavar="FILE", help="the objects to count, one a line; default: all"
    )
    options = parser.parse_args()
    if options.make_confusions:
        captions, truth = options.make_confusions
        result = make_confusions(captions, truth, options.words)
    else:
        walks = {str(rate): by_rate(rate) for rate in options.errors}
        if options.confusions:
            walks = {options.confusions.stem: by_confusions(options.confusions)}
        result = report(
            options.seeds,
            walks,
            options.keyframes,
            options.confidence_weights,
            plain=options.plain_parser,
            parts=not options.whole_only,
        )
    print(json.dumps(result, indent=None if options.json else 1))


if __name__ == "__main__":
    try:
        main()
    except MmserError as error:
        sys.exit(f"error: {error}")
