# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Milliseconds per caption, by model and quantization.

- All variants caption the same 640x480 picture in turn, so the machine's load affects all of them.
- All weights are random, which does not change the time.
- No caption ends early, so all variants decode the same number of tokens.
- With --busy N the first model and mode are also timed with one thread, with all threads and with
  `auto`: alone, and beside N busy processes.

Prints one JSON object:
    python benchmarks/captioner_speed.py --rounds 20
    python benchmarks/captioner_speed.py --models nano --modes int8 --busy 1
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

import numpy as np

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.threads import automatic, processors, use_threads
from mmser_ros.captioner.untrained import build_untrained, random_weights, read_architecture
from mmser_ros.core.resources import share_path
from mmser_ros.training.recipe import read_refine_recipe

NEVER = -1
"""An end token that no model generates."""


def build(model: str, mode: str, passes: int, tokens: int, device: str) -> Captioner:
    config = replace(random_weights(read_architecture(model)), max_caption_tokens=tokens)
    if passes > 1:
        recipe = read_refine_recipe(share_path(f"config/train/{model}_refine.yaml"))
        vision = replace(config.vision, levels=recipe.levels)
        config = replace(config, vision=vision, ser_connector=recipe.ser_connector)
    specialist, tokenizer = build_untrained(config)
    specialist.end = NEVER
    return Captioner(specialist.eval(), tokenizer, device=device, quantize=mode, passes=passes)


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Within `with`, run `count` busy processes; they end with this one."""
    code = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
    command = [sys.executable, "-c", code]
    running = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


def compare_threads(captioner: Captioner, picture: np.ndarray, rounds: int, busy: int) -> dict:
    """Median milliseconds per caption by threads, alone and beside busy processes."""
    settings = {"1": 1, f"all ({processors()})": processors(), f"auto ({automatic()})": automatic()}
    times: dict[str, dict[str, list[float]]] = {name: {} for name in settings}
    for where, count in (("alone", 0), (f"beside {busy}", busy)):
        with busy_processes(count):
            for number in range(rounds + 1):  # the first is a warm-up
                for name, threads in settings.items():
                    use_threads(threads)
                    taken = captioner.caption(picture).times_ms["total"]
                    if number:
                        times[name].setdefault(where, []).append(taken)
    use_threads("auto")
    return {
        name: {where: round(median(some), 1) for where, some in by_load.items()}
        for name, by_load in times.items()
    }


def run(
    models: list[str],
    modes: list[str],
    passes: int,
    rounds: int,
    tokens: int,
    device: str,
    threads: str,
    busy: int,
) -> dict:
    import torch  # after our own import, which sets how its threads wait

    use_threads(threads)
    torch.manual_seed(0)
    picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    pairs = [(one, mode) for one in models for mode in modes]
    variants = {(one, mode): build(one, mode, passes, tokens, device) for one, mode in pairs}
    times: dict[tuple[str, str], list[float]] = {key: [] for key in variants}
    glances: dict[tuple[str, str], list[float]] = {key: [] for key in variants}
    grounding: dict[tuple[str, str], list[float]] = {key: [] for key in variants}
    for number in range(rounds + 2):  # the first two are a warm-up
        for key, captioner in variants.items():
            taken = captioner.caption(picture, ground=True).times_ms
            if number > 1:
                glances[key].append(taken["encode"] + taken["glance"])
                times[key].append(taken["total"] - taken["ground"])
                grounding[key].append(taken["ground"])
    used = torch.get_num_threads()
    first = variants[pairs[0]]
    by_threads = {"ms_by_threads": compare_threads(first, picture, rounds, busy)} if busy else {}
    return {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
        },
        "device": device,
        "threads": used,
        "load_average": os.getloadavg()[0],
        "batch": 1,
        "passes": passes,
        "tokens": tokens,
        "rounds": rounds,
        "median_glance_ms": {
            " ".join(key): round(median(some), 1) for key, some in glances.items()
        },
        "median_ms": {" ".join(key): round(median(some), 1) for key, some in times.items()},
        "more_with_grounding_ms": {
            " ".join(key): round(median(some), 1) for key, some in grounding.items()
        },
        "speedup_over_first_mode": {
            " ".join((one, mode)): round(median(times[one, modes[0]]) / median(times[one, mode]), 2)
            for one, mode in times
        },
        **by_threads,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="small,nano,specialist")
    parser.add_argument(
        "--modes", default="none,int8,bf16", help="modes; the first is the baseline"
    )
    parser.add_argument("--passes", type=int, default=1, help="with more, pass 1 is timed too")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=16, help="per caption")
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--threads", default="auto", help="a number, or auto: all processors but one"
    )
    parser.add_argument(
        "--busy", type=int, default=0, help="compare threads beside this many busy processes"
    )
    options = parser.parse_args()
    result = run(
        options.models.split(","),
        options.modes.split(","),
        options.passes,
        options.rounds,
        options.tokens,
        options.device,
        options.threads,
        options.busy,
    )
    print(json.dumps(result))
