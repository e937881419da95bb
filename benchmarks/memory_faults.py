# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Kill a process that observes at 50 Hz at random moments, and fill its disk; what is left?

A child (benchmarks/endless.py) observes into one file, says so after each observation, and is
killed with SIGKILL; the file is opened again each time and must answer like a memory that was
never killed. Then a small tmpfs is filled while a memory observes on it (needs root).

Prints one JSON object:
    python benchmarks/memory_faults.py --kills 200 --json
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from time import sleep

import networkx as nx

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import endless
from benchmarks.made_scenes import open_memory, remember

ROOT = Path(__file__).parents[1]


def killed_once(path: Path, delay: float) -> int:
    """Start the child, kill it `delay` seconds after its first word; what it said last."""
    command = [sys.executable, "-m", "benchmarks.endless", str(path)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = [child.stdout.readline()]
    sleep(delay)
    child.send_signal(signal.SIGKILL)
    said += child.stdout.readlines()
    child.wait()
    return int(said[-1] or said[-2])


def kills(count: int, seed: int) -> dict:
    chance = random.Random(seed)
    reopened, lost, equal = 0, [], 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "home.sqlite"
        for number in range(count):
            if number % 20 == 0:  # a fresh file now and then: its beginning is a moment, too
                path = Path(folder) / f"home-{number}.sqlite"
            acknowledged = killed_once(path, chance.uniform(0.0, 1.0))
            with open_memory(path, **endless.OPTIONS) as memory:
                reopened += not memory.status().notice
                kept = memory.status().observations
                lost.append(max(0, acknowledged - kept))
                fresh = remember(*islice(endless.views(), kept), **endless.OPTIONS)
                equal += nx.utils.graphs_equal(memory.graph(), fresh.graph())
    return {
        "kills": count,
        "reopened": reopened,
        "answers_as_if_never_killed": equal,
        "lost_most": max(lost),
        "lost_at_50_hz_s": max(lost) / endless.RATE,
    }


def full_disk(size_mb: int) -> dict:
    """Observe on a tmpfs that another file fills, then make room."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", folder]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            return {"skipped": "needs the right to mount a tmpfs"}
        try:
            path = Path(folder) / "home.sqlite"
            memory = open_memory(path, write_retry_period=0.0, **endless.OPTIONS)
            views = endless.views()
            for one in islice(views, 200):
                memory.add(one)
            ballast = Path(folder) / "ballast"
            with ballast.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"\0" * 4096)
                except OSError:
                    pass
            for one in islice(views, 400):
                memory.add(one)
            during = memory.status()
            served = len(memory.find("a mug"))
            ballast.unlink()
            for one in islice(views, 1):
                memory.add(one)
            after = memory.status()
            memory.close()
            with open_memory(path, **endless.OPTIONS) as again:
                kept = again.status().observations
                fresh = remember(*islice(endless.views(), 601), **endless.OPTIONS)
                equal = nx.utils.graphs_equal(again.graph(), fresh.graph())
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    return {
        "problem_said": during.problem.replace(str(path), "DB"),
        "answers_while_full": served,
        "waiting_while_full": during.unsaved,
        "problem_after": after.problem,
        "observed": 601,
        "kept": kept,
        "answers_as_if_never_full": equal,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one line; otherwise indented")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tmpfs-mb", type=int, default=8)
    options = parser.parse_args()
    result = {"kill": kills(options.kills, options.seed), "full_disk": full_disk(options.tmpfs_mb)}
    print(json.dumps(result, indent=None if options.json else 1))
