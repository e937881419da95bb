# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Leave out unreadable images before training, and report them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mmser_ros.core.images import PictureError
from mmser_ros.data.coco_llava import open_data
from mmser_ros.data.datasets import DatasetError, PictureReader
from mmser_ros.training.batches import Progress
from mmser_ros.training.distributed import processes
from mmser_ros.training.progress_log import say

CHUNK = 100
"""Images per task of a thread."""
NAMED = 3
"""Images that the log line names; the file names all."""


def open_readable(data: Path, images: Path | None, work: Path, progress: Progress) -> PictureReader:
    """Open the training split (see `coco_llava.open_data`), without images that can't be read.

    The findings are stored in `<work>/pictures`.

    Raises:
        DatasetError: the data is not as expected, or no image can be read.
    """
    reader = open_data(data, "train", images)
    leave_out_unreadable(reader, work / "pictures", progress)
    return reader


def leave_out_unreadable(data: PictureReader, folder: Path, progress: Progress) -> None:
    """Remove missing and corrupt images from `data.captions`.

    The main process reads every image once. `<folder>/<split>-….json` stores the findings as
    {name: reason}; without that file all images are read again.

    Raises:
        DatasetError: no image can be read.
    """
    total = len(data.captions)
    key = json.dumps(list(data.captions))
    file = folder / f"{data.split}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.json"
    with processes().main_process_first():
        if not file.exists():
            found = _unreadable(data, progress)
            if len(found) == total:
                msg = f"none of {total} images can be read: {next(iter(found.values()), '')}"
                raise DatasetError(msg)
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_suffix(".new")
            fresh.write_text(json.dumps(found, indent=1))
            os.replace(fresh, file)
    unreadable = json.loads(file.read_text())
    for name in unreadable:
        del data.captions[name]
    if unreadable:
        named = ", ".join(list(unreadable)[:NAMED]) + ", …" * (len(unreadable) > NAMED)
        say(f"{len(unreadable)} of {total} images can't be read: {named} (reasons: {file})")


def _unreadable(data: PictureReader, progress: Progress) -> dict[str, str]:
    def check(names: Sequence[str]) -> dict[str, str]:
        reasons = {}
        for name in names:
            try:
                data.picture(name)
            except PictureError as error:
                reasons[name] = str(error)
        return reasons

    names = list(data.captions)
    chunks = [names[at : at + CHUNK] for at in range(0, len(names), CHUNK)]
    unreadable: dict[str, str] = {}
    with ThreadPoolExecutor() as pool:
        for reasons in progress(pool.map(check, chunks), "checking images", len(chunks)):
            unreadable.update(reasons)
    return unreadable
