# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare models: captions of the same pictures, with their time and memory.

Each model runs in a process of its own, so that its memory is its own, and one after the other, so
that none slows another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from mmser_ros.captioner.opening import open_captioner
from mmser_ros.core.console import show_progress
from mmser_ros.core.errors import MmserError, format_error
from mmser_ros.data.picture_sets import PictureSet, open_sets
from mmser_ros.evaluation.bench.machine import peak_memory
from mmser_ros.evaluation.evaluate import ConfidentCaption

MEGABYTE = 1e6
FAILURES = 3
"""Failed images, before any caption, after which a model is given up."""


@dataclass(frozen=True)
class Pictures:
    """Which pictures are captioned; arguments of `open_sets` and of `PictureSet.spread`."""

    data: Path
    split: str
    names: Sequence[str] | None
    part: str
    limit: int | None

    def open(self) -> list[PictureSet]:
        """Open the sets.

        Raises:
            DatasetError: as in `open_sets`.
        """
        opened = open_sets(self.data, self.split, self.names, self.part)
        return [one.spread(self.limit) for one in opened]


@dataclass(frozen=True)
class Measured:
    """One model's captions and what they cost.

    Attributes:
        captions: set → picture → caption.
        failed: why there is no caption of a picture, by the names of its set and its own.
        device: where it ran.
        quantize: number format of its weights.
        load_s: seconds to open it.
        caption_ms: milliseconds of each caption, without the first if there are more.
        memory_mb: peak resident memory of its process, in megabytes.
        gpu_mb: peak GPU memory that torch allocated, in megabytes; 0 without a GPU.
    """

    captions: Mapping[str, Mapping[str, ConfidentCaption]]
    failed: Mapping[tuple[str, str], str]
    device: str
    quantize: str
    load_s: float
    caption_ms: Sequence[float]
    memory_mb: float
    gpu_mb: float

    def costs(self) -> dict[str, float]:
        """Figures for a table: load time, time of a caption, failures, memory."""
        middle, most = np.percentile(self.caption_ms, [50, 99]) if self.caption_ms else (0.0, 0.0)
        return {
            "load (s)": self.load_s,
            "caption p50 (ms)": float(middle),
            "caption p99 (ms)": float(most),
            "failed images": len(self.failed),
            "memory (MB)": self.memory_mb,
            "GPU memory (MB)": self.gpu_mb,
        }


def measure(model: str, options: Mapping[str, Any], pictures: Pictures) -> Measured:
    """Caption pictures one by one in a new process, and measure it.

    Args:
        model: as `open_captioner` takes it.
        options: further arguments of `open_captioner`.
        pictures: the pictures.

    Raises:
        MmserError: the model can't be opened, its first FAILURES images fail (or all, if there are
            fewer), or the process was killed.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            return process.submit(_run, model, dict(options), pictures).result()
        except BrokenProcessPool as error:
            msg = f"the process of {model} was killed; if memory ran out, take a smaller model or "
            msg += "another number format, such as quantize int8"
            raise MmserError(msg) from error


def _run(model: str, options: dict[str, Any], pictures: Pictures) -> Measured:
    """Measure a model; errors of any kind, also of a user's class, become one that can be sent."""
    try:
        return _measure(model, options, pictures)
    except Exception as error:
        raise MmserError(format_error(error)) from None


def _measure(model: str, options: dict[str, Any], pictures: Pictures) -> Measured:
    begun = perf_counter()
    captioner = open_captioner(model, **options)
    load_s = perf_counter() - begun
    captions: dict[str, dict[str, ConfidentCaption]] = {}
    failed: dict[tuple[str, str], str] = {}
    times: list[float] = []
    for one in pictures.open():
        read = show_progress(one.pictures(), f"{model} on {one.name}", len(one.examples))
        of_set = captions.setdefault(one.name, {})
        for name, image in read:
            if image is None:
                continue
            begun = perf_counter()
            try:
                caption = captioner.caption(image)
            except Exception as error:  # of any kind, as the class may be a user's
                failed[one.name, name] = format_error(error)
                if not times and len(failed) == FAILURES:
                    raise
                continue
            times.append(1e3 * (perf_counter() - begun))
            of_set[name] = ConfidentCaption(caption.text, caption.confidence)
    if failed and not times:
        raise MmserError(next(iter(failed.values())))
    return Measured(
        captions,
        failed,
        captioner.device,
        captioner.quantize,
        load_s,
        times[1:] or times,
        peak_memory() / MEGABYTE,
        torch.cuda.max_memory_allocated() / MEGABYTE if torch.cuda.is_available() else 0.0,
    )
