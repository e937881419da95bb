# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Seconds, operations and memory of training `specialist`, and the hours that follow.

- It runs some steps of each stage of `mmser train`, with the recipes of config/train. Each stage
  has a process of its own. One step comes before those that are timed; the last one is counted.
- Weights, images (640x480) and captions (12 tokens) are made up; that does not change the time.
- Operations are those that torch.utils.flop_counter counts; a multiplication and an addition are
  two.
- Hours are seconds per image times the images of LCS-558K and of COCO's train2017, in all epochs.

Prints one JSON object. On a GPU take the batch of the recipe, or the largest that fits:
    python benchmarks/training_steps.py --device cuda --batch 64
"""

import argparse
import json
import os
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import Levels
from mmser_ros.captioner.untrained import build_untrained, random_weights, read_architecture
from mmser_ros.core.console import show_progress
from mmser_ros.core.resources import share_path
from mmser_ros.data.datasets import PictureReader
from mmser_ros.data.perturbation.perturb import Lexicon, LexiconErrorMaker
from mmser_ros.training.batches import CaptionedFeatures, caption_features
from mmser_ros.training.features import FreshFeatures
from mmser_ros.training.initial_captions import InitialCaptions
from mmser_ros.training.recipe import read_recipe, read_refine_recipe
from mmser_ros.training.stages.glance import train_glance
from mmser_ros.training.stages.refine import RefineLoss, train_refine

STAGES = ("connector", "glance", "own glances", "refine")
CAPTION = "twelve bytes"
"""A vocabulary of bytes makes 12 tokens of it, about as many as OPT's of a caption of COCO."""
WARM_UP = 1
LCS, COCO, COCO_CAPTIONS = 558_128, 118_287, 591_753
TERA = 1e12


class MadePictures(PictureReader):
    """Noise with captions."""

    def __init__(self, count: int, captions: int) -> None:
        self.split, self.corrupt = "made", []
        self.captions = {str(number): [CAPTION] * captions for number in range(count)}
        self._picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)

    def picture(self, name: str) -> np.ndarray:
        return self._picture


class Steps:
    """The features of made pictures; each step begins with them, so this is where steps are timed.

    Attributes:
        starts: when each step began: seconds of the clock, and of the processors.
        counter: of the operations of the last step; None before it.
        memory_gb: the peak before the last step, of the GPU or of the process.
    """

    def __init__(self, specialist: Specialist, reader: PictureReader, count: int) -> None:
        self.starts: list[tuple[float, float]] = []
        self.counter = FlopCounterMode(display=False)
        self.memory_gb = 0.0
        self.ending = ExitStack()
        self._fresh = FreshFeatures(specialist, reader)
        self._count = count

    def __call__(self, views: Sequence[int], pictures: Sequence[int]) -> Levels:
        self.starts.append((perf_counter(), process_time()))
        if len(self.starts) == self._count:
            self.memory_gb = peak_memory() / 1e9
            if not torch.cuda.is_available():  # its fused attention is not counted
                self.ending.enter_context(sdpa_kernel(SDPBackend.MATH))
            self.ending.enter_context(self.counter)
        return self._fresh(views, pictures)


def measure(stage: str, device: str, batch: int, steps: int) -> dict[str, float]:
    """Run steps of a stage; images of `refine` are captions."""
    torch.manual_seed(0)
    config = random_weights(read_architecture("specialist"))
    config = replace(config, max_caption_tokens=len(CAPTION))
    specialist, tokenizer = build_untrained(config)
    specialist.to(device)
    specialist.vision.to(device)
    count = WARM_UP + steps + 1
    reader = MadePictures(batch * count, 5 if stage == "glance" else 1)
    before = batch * count if stage == "refine" else 0  # own glances, 50 images a batch
    timed = Steps(specialist, reader, -(-before // 50) + count)
    mirrored = np.zeros((1, len(reader.captions)), bool)
    pictures = CaptionedFeatures(timed, list(reader.captions.values()), mirrored)
    with TemporaryDirectory() as folder, timed.ending:
        images = run(stage, specialist, tokenizer, pictures, batch, Path(folder))
    seconds, processor = np.median(np.diff(timed.starts[-steps - 1 :], axis=0), axis=0)
    return {
        "images": images,
        "seconds_per_step": round(seconds, 3),
        "processor_seconds_per_step": round(processor, 3),
        "teraflop_per_image": round(timed.counter.get_total_flops() / batch / TERA, 4),
        "exaflop": round(timed.counter.get_total_flops() / batch * images / TERA / 1e6, 3),
        "memory_gb": round(timed.memory_gb, 2),
        "hours": round(seconds / batch * images / 3600, 1),
    }


def run(
    stage: str,
    specialist: Specialist,
    tokenizer: Tokenizer,
    pictures: CaptionedFeatures,
    batch: int,
    folder: Path,
) -> int:
    """Train for one epoch of made pictures; how many images the recipe's epochs have."""
    changes: dict[str, Any] = {"epochs": 1, "batch_size": batch, "accumulate": 1}
    recipe = read_recipe(share_path("config/train/specialist.yaml"))
    if stage == "connector" and recipe.connector:
        schedule = replace(recipe.connector, **changes)
        train_glance(specialist, tokenizer, pictures, schedule, folder, connector_only=True)
        return recipe.connector.epochs * LCS
    if stage == "glance":
        train_glance(specialist, tokenizer, pictures, replace(recipe.glance, **changes), folder)
        return recipe.glance.epochs * COCO
    if stage == "own glances":
        for start in range(0, len(pictures.captions), batch):
            caption_features(specialist, pictures.levels(range(start, start + batch), [0] * batch))
        return COCO
    refine = read_refine_recipe(share_path("config/train/specialist_refine.yaml")).refine
    assert refine
    maker = LexiconErrorMaker(Lexicon(share_path("config/lexicon/planted_errors.yaml")))
    planted = replace(refine, initial=("truth",), **changes)  # captions of the same length
    initials = InitialCaptions(
        specialist, tokenizer, pictures, ("truth", "own"), maker, show_progress
    )
    loss = RefineLoss(specialist, tokenizer, pictures, initials, planted)
    train_refine(specialist, tokenizer, pictures, planted, folder, loss)
    return refine.epochs * COCO_CAPTIONS


def peak_memory() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return 1024 * int(found[1]) if found else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5, help="steps that are timed")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    stages = options.stages.split(",")
    if not set(stages) <= set(STAGES):
        parser.error(f"stages are {options.stages}; expected some of {','.join(STAGES)}")
    result: dict = {"batch": options.batch, "device": options.device, "threads": 0}
    result["threads"] = torch.get_num_threads()
    for one in stages:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            job = process.submit(measure, one, options.device, options.batch, options.steps)
            result[one] = job.result()
    result["hours"] = round(sum(result[one]["hours"] for one in stages), 1)
    result["load_average"] = os.getloadavg()[0]
    print(json.dumps(result))
