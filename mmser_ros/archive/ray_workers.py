# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Shares captioned by workers of Ray Data, on this machine or on those of a cluster."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmser_ros.archive.shares import Job, ShareCaptioner
from mmser_ros.core.errors import MmserError


def caption_with_ray(
    job: Job, folder: Path, shares: Mapping[int, Sequence[Path]], workers: int
) -> Iterator[int]:
    """Caption shares by several processes; yields the number of images of each share.

    Ray joins the cluster of the environment variable RAY_ADDRESS, or the one that runs on this
    machine, or starts one. A worker that dies is started again, and goes on in its parts.

    Args:
        job: what is done.
        folder: of the parts; all machines must have it, and the sources, at the same path.
        shares: by number.
        workers: number of processes.

    Raises:
        MmserError: Ray is not installed, or a worker can't caption.
    """
    if not shares:
        return
    try:
        import ray
        from ray.data import ActorPoolStrategy, DataContext, from_items
    except ImportError as error:
        msg = f"--workers needs Ray ({error}): pip install '.[ray]', or leave --workers out"
        raise MmserError(msg) from error
    ray.init(ignore_reinit_error=True, include_dashboard=False, logging_level=logging.WARNING)
    DataContext.get_current().enable_progress_bars = False
    there = ray.cluster_resources()
    items = [{"number": n, "share": [str(one) for one in some]} for n, some in shares.items()]
    worker: Any = _Worker  # Ray's types know functions only
    dataset = from_items(items, override_num_blocks=len(items)).map(
        worker,
        fn_constructor_args=(job, folder.absolute(), str(Path.cwd())),
        compute=ActorPoolStrategy(size=workers),
        num_cpus=_num_cpus(job.threads, there.get("CPU", 1.0), workers),
        num_gpus=0 if job.device == "cpu" else _num_gpus(there.get("GPU", 0.0), workers),
    )
    for row in dataset.iter_rows():
        if row["error"]:
            raise MmserError(row["error"])
        yield row["num_images"]


class _Worker:
    """Captions shares in a process of Ray."""

    def __init__(self, job: Job, folder: Path, working_folder: str) -> None:
        os.chdir(working_folder)
        self._captioner = ShareCaptioner(job, folder)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        share = [Path(one) for one in item["share"]]
        try:
            count = sum(self._captioner.caption(item["number"], share))
        except MmserError as error:
            return {"num_images": 0, "error": str(error)}
        return {"num_images": count, "error": ""}


def _num_cpus(threads: str, there: float, workers: int) -> int:
    """CPUs of a worker; Ray sets its OMP_NUM_THREADS to this, which `threads: auto` means."""
    return int(threads) if threads.isdecimal() else max(1, int(there) // workers)


def _num_gpus(there: float, workers: int) -> float:
    """Share of a GPU that a worker has: a whole one, if there are as many GPUs as workers."""
    return 1 / math.ceil(workers / there) if there else 0.0
