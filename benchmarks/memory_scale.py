# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cost of an observation and of a question while a memory grows to 100,000 observations.

Robots walk through several made houses (mmser_ros/simulation), one after the other and again
and again, with fresh noise on every pose. The captions of a walk repeat when it does; all are
parsed beforehand, so that the parser's time, which doesn't depend on the memory, is stated by
itself. Questions are asked all along, between observations. Times are by the clock on the wall
and, under `cpu`, of this thread alone, which other programs on the machine disturb less.

Prints one JSON object:
    python benchmarks/memory_scale.py --json
"""

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.plain_words import PlainParser, PlainWords
from mmser_ros.core.types import SECOND, Observation, Pose
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.language.types import ParsedCaption
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.house import FLOOR, SIZES, SMALL, House
from mmser_ros.simulation.walk import Walk

FIRST, LAST = 10_000, 1_000
APART = 20.0
"""Metres from one house to the next."""


def shifted(pose: Pose, by: float, noise: np.ndarray) -> Pose:
    x, y, z = pose.position
    return replace(pose, position=(x + by + float(noise[0]), y + float(noise[1]), z))


def walks(houses: int, views: int) -> list[Observation]:
    """One walk through each house, side by side in one map."""
    found = []
    for number in range(houses):
        walk = Walk(House(number), 0.1, number)
        for one in walk.observations(views):
            found.append(replace(one, pose=shifted(one.pose, APART * number, np.zeros(2))))
    return found


def run(count: int, houses: int, views: int, *, plain: bool) -> dict:
    parser, words = (PlainParser(), PlainWords()) if plain else (CaptionParser(), Taxonomy())
    source = walks(houses, views)
    texts = sorted({one.caption.text for one in source})
    begin = perf_counter()
    parsed = {text: parser.parse(text) for text in texts}
    parse_ms = 1e3 * (perf_counter() - begin) / len(texts)

    class Prepared:
        @staticmethod
        def parse(caption: str) -> ParsedCaption:
            return parsed[caption] if caption in parsed else parser.parse(caption)

    random = np.random.default_rng(0)
    questions = [f"a {word}" for word in (*SIZES, *SMALL)]
    costs, answers, cpu, cpu_answers = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scale.sqlite"
        memory = SceneMemory.open(path, "house", parser=Prepared(), words=words)
        for number, one in enumerate(islice(cycle(source), count)):
            pose = shifted(one.pose, 0.0, random.normal(0, 0.03, 2))
            observation = replace(one, stamp_ns=(1000 + number) * SECOND, pose=pose)
            begin, busy = perf_counter(), thread_time()
            memory.add(observation)
            costs.append(1e3 * (perf_counter() - begin))
            cpu.append(1e3 * (thread_time() - busy))
            if number % 100 == 0:
                question = questions[int(random.integers(len(questions)))]
                where = (float(random.uniform(0, APART * houses)), 5.0)
                begin, busy = perf_counter(), thread_time()
                matches = memory.find(question, near=where)
                if matches and number % 200 == 0:
                    memory.path_to(matches[0])
                answers.append(1e3 * (perf_counter() - begin))
                cpu_answers.append(1e3 * (thread_time() - busy))
        status = memory.status()
        memory.close()
        size = path.stat().st_size
        begin = perf_counter()
        SceneMemory.open(path, "house", parser=Prepared(), words=words).close()
        reopen = perf_counter() - begin
    first, last = float(np.mean(costs[:FIRST])), float(np.mean(costs[-LAST:]))
    return {
        "observations": count,
        "observe_ms_first": round(first, 3),
        "observe_ms_last": round(last, 3),
        "observe_ratio": round(last / first, 3),
        "observe_ms_p99": round(float(np.percentile(costs, 99)), 3),
        "query_ms_p50": round(float(np.percentile(answers, 50)), 3),
        "query_ms_p99": round(float(np.percentile(answers, 99)), 3),
        "cpu": {
            "observe_ms_first": round(float(np.mean(cpu[:FIRST])), 3),
            "observe_ms_last": round(float(np.mean(cpu[-LAST:])), 3),
            "query_ms_p99": round(float(np.percentile(cpu_answers, 99)), 3),
        },
        "parse_ms": round(parse_ms, 3),
        "reopen_s": round(reopen, 2),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "file_mb": round(size / 2**20, 1),
        "objects": status.objects,
        "places": status.places,
        "houses": houses,
        "rooms": len(FLOOR) * houses,
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
        "load_average": os.getloadavg()[0],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one line; otherwise indented")
    parser.add_argument("--observations", type=int, default=100_000)
    parser.add_argument("--houses", type=int, default=10)
    parser.add_argument(
        "--views", type=int, default=500, help="observations of the walk through each house"
    )
    parser.add_argument("--plain-parser", action="store_true", help="the tests' parser")
    options = parser.parse_args()
    result = run(options.observations, options.houses, options.views, plain=options.plain_parser)
    print(json.dumps(result, indent=None if options.json else 1))
