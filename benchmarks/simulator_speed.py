# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Images per second of the simulator: colour, colour with depth, and ground truths.

The robot turns on the spot in several homes. Prints one JSON object, the mean over the homes:
    python benchmarks/simulator_speed.py --homes 3 --frames 50
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from statistics import mean
from time import perf_counter

from mmser_ros.simulation.home.make_home import make_home
from mmser_ros.simulation.home.scene import build_scene
from mmser_ros.simulation.home.simulator import Simulator
from mmser_ros.simulation.home.views import Viewer


def rate(simulator: Simulator, look: Callable[[], object], frames: int) -> float:
    begun = perf_counter()
    for _ in range(frames):
        simulator.robot.step(linear=0.0, angular=1.0, seconds=0.1)
        look()
    return frames / (perf_counter() - begun)


def measure(seed: int, frames: int) -> dict[str, float]:
    begun = perf_counter()
    home = make_home(seed)
    made = perf_counter()
    scene = build_scene(home)
    compiled = perf_counter()
    with Simulator(home, seed=seed) as simulator, Viewer(scene, simulator.camera) as viewer:
        return {
            "make_s": made - begun,
            "compile_s": compiled - made,
            "geoms": scene.model.ngeom,
            "images_per_s": rate(simulator, lambda: viewer.image(simulator.robot.pose), frames),
            "with_depth_per_s": rate(simulator, simulator.view, frames),
            "ground_truths_per_s": rate(simulator, simulator.ground_truth, frames),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--homes", type=int, default=3, help="number of homes")
    parser.add_argument("--frames", type=int, default=50, help="frames of each kind")
    arguments = parser.parse_args()
    homes = [measure(seed, arguments.frames) for seed in range(arguments.homes)]
    figures = {name: round(mean(one[name] for one in homes), 2) for name in homes[0]}
    machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    print(json.dumps({**machine, "gl": os.environ.get("MUJOCO_GL"), **figures}))


if __name__ == "__main__":
    main()
