# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A run: from images, videos and bags to a table of captions, in one process or several."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from mmser_ros.archive.parts import Part
from mmser_ros.archive.shares import Job, ShareCaptioner, agree, locked, part_path
from mmser_ros.archive.sources import shares_of
from mmser_ros.archive.tables import check_table, write_table
from mmser_ros.core.console import show_progress
from mmser_ros.core.errors import MmserError
from mmser_ros.nodes.replay.frames import count_frames


def caption_archive(
    job: Job, sources: Sequence[Path], out: Path, workers: int = 0
) -> tuple[int, int]:
    """Caption images, videos and bags to a table; go on where an earlier run was stopped.

    Captions are kept in the folder `<out>.parts` until all are made.

    Args:
        job: what is done.
        sources: image files, videos and bags, as `find_sources` gives them.
        out: the table.
        workers: number of processes of Ray; 0: this process alone.

    Returns:
        The numbers of captions, and of errors: images, files and sources that got none.

    Raises:
        MmserError: the model can't be opened, or makes no captions any more, or Ray is not
            installed, or the folder of parts is of another run.
    """
    check_table(out)
    folder = out.with_name(f"{out.name}.parts")
    shares = shares_of(sources)
    with _opened(folder, job, sources):
        parts = [Part(part_path(folder, number)) for number in range(len(shares))]
        left = [number for number, part in enumerate(parts) if not part.is_complete]
        total = sum(_num_left(shares[number], parts[number], job.topic) for number in left)
        if workers:
            from mmser_ros.archive.ray_workers import caption_with_ray

            counts = caption_with_ray(job, folder, {n: shares[n] for n in left}, workers)
        else:
            captioner = ShareCaptioner(job, folder)
            counts = (count for n in left for count in captioner.caption(n, shares[n]))
        each = (None for count in counts for _ in range(count))
        for _ in show_progress(each, "captions", max(1, total)):
            pass
        parts = [Part(part_path(folder, number)) for number in range(len(shares))]
        write_table(out, (row for part in parts for row in part.rows()))
    shutil.rmtree(folder)
    return sum(one.num_rows for one in parts), sum(one.num_failed for one in parts)


def _num_left(share: Sequence[Path], part: Part, topic: str) -> int:
    """About how many images of a share have not been captioned."""
    count = -part.num_rows - part.num_failed
    for path in share:
        try:
            count += count_frames(path, topic)
        except MmserError:  # it is told when the source is read
            continue
    return max(0, count)


@contextmanager
def _opened(folder: Path, job: Job, sources: Sequence[Path]) -> Iterator[None]:
    """Take the folder of parts for one run, if it is new or of a run with the same settings."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {**asdict(job), "sources": list(map(str, sources))}
    path = folder / "settings.json"
    agree(path, json.dumps(settings, ensure_ascii=False))
    try:
        with locked(path, wait=False):
            begun = json.loads(path.read_text(encoding="utf-8"))
            others = [name for name, value in settings.items() if begun.get(name) != value]
            if others:
                msg = f"{folder} is of a run with another {', '.join(others)}: give the same "
                msg += "options again to go on with it, or delete it, or give --out another file"
                raise MmserError(msg)
            yield
    except BlockingIOError as error:
        msg = f"another process writes to {folder}; wait for it, or give --out another file"
        raise MmserError(msg) from error
