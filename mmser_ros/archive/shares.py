# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One process's work: it captions shares, batch by batch, each to a part of the table."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mmser_ros.archive.batches import BatchCaptioner, fastest_batch
from mmser_ros.archive.parts import Part, Row
from mmser_ros.archive.sources import frames_of
from mmser_ros.captioner.settings import ModelSettings
from mmser_ros.core.console import errors
from mmser_ros.core.types import Caption
from mmser_ros.nodes.replay.frames import Frame

if TYPE_CHECKING:
    from mmser_ros.captioner.protocol import CaptionModel

NUM_MEASURED = 8
"""Images that the batch is measured with."""


@dataclass(frozen=True)
class Job:
    """What all processes of a run do.

    Attributes:
        model: as `open_captioner` takes it; so are device, quantize, threads, passes, beams and
            settings.
        topic: of bags; empty: their only image topic.
        batch: number of images in a batch; None: measured once, by the first process.
        refine_below: as `open_captioner` takes it.
    """

    model: str
    device: str = "auto"
    quantize: str = "auto"
    threads: str = "auto"
    passes: int = 1
    beams: int = 1
    settings: ModelSettings = field(default_factory=ModelSettings)
    topic: str = ""
    batch: int | None = None
    refine_below: float = 1.0


class ShareCaptioner:
    """Captions shares of a run. It loads the model at the first one.

    Args:
        job: what is done.
        folder: of the parts.
    """

    def __init__(self, job: Job, folder: Path) -> None:
        self._job, self._folder = job, folder
        self._batches: BatchCaptioner | None = None
        self._size = 0

    def caption(self, number: int, share: Sequence[Path]) -> Iterator[int]:
        """Caption what is left of a share; yields the number of images of each batch.

        Args:
            number: of the share.
            share: image files, videos and bags.

        Raises:
            MmserError: the model can't be opened, or makes no captions any more.
        """
        path = part_path(self._folder, number)
        with locked(path):  # a process that is thought to be dead may still be writing
            part = Part(path)
            if part.is_complete:
                return
            batches = self._open(share, part.last)
            for frames, texts in _read_ahead(share, self._job.topic, part.last, self._size):
                for text in texts:
                    _say(text)
                made = batches.caption([frame.image for _, frame in frames])
                rows = [
                    _row(source, frame, *one)
                    for (source, frame), one in zip(frames, made, strict=True)
                    if one
                ]
                num_failed = len(texts) + made.count(None)
                part.add(rows, num_failed, is_complete=len(frames) < self._size)
                yield len(frames)

    def _open(self, share: Sequence[Path], after: tuple[str, int] | None) -> BatchCaptioner:
        """Load the model and find the batch, at the first share."""
        if self._batches is None:
            from mmser_ros.captioner.opening import open_captioner  # torch takes seconds

            job = self._job
            captioner = open_captioner(
                job.model,
                device=job.device,
                quantize=job.quantize,
                threads=job.threads,
                passes=job.passes,
                beams=job.beams,
                refine_below=job.refine_below,
                settings=job.settings,
            )
            self._size = job.batch or self._agreed_batch(captioner, share, after)
            self._batches = BatchCaptioner(captioner, self._size, _say)
        return self._batches

    def _agreed_batch(
        self, captioner: CaptionModel, share: Sequence[Path], after: tuple[str, int] | None
    ) -> int:
        """The batch that the first process measured, or this one measures."""
        path = self._folder / "batch"
        if not path.exists():
            frames = frames_of(share, self._job.topic, lambda _: None, after)
            images = [frame.image for _, frame in islice(frames, NUM_MEASURED)]
            agree(path, str(fastest_batch(captioner, images) if images else 1))
        return int(path.read_text(encoding="ascii"))


def _read_ahead(
    share: Sequence[Path], topic: str, after: tuple[str, int] | None, size: int
) -> Iterator[tuple[list[tuple[str, Frame]], list[str]]]:
    """Yield batches, with what could not be read; the last one is smaller than `size`, or empty.

    Each is read while the one before is captioned; all by one thread, as SQLite wants it.
    """
    unread: list[str] = []
    frames = frames_of(share, topic, unread.append, after)

    def read() -> tuple[list[tuple[str, Frame]], list[str]]:
        batch, texts = list(islice(frames, size)), unread.copy()
        unread.clear()
        return batch, texts

    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(read)
        try:
            while len((taken := following.result())[0]) == size:
                following = reader.submit(read)
                yield taken
            yield taken
        finally:
            reader.submit(frames.close)


def part_path(folder: Path, number: int) -> Path:
    """Path of the part of a share."""
    return folder / f"{number:06}.jsonl"


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep other processes from a file, which is made if it is not there.

    Raises:
        BlockingIOError: another process has it, and `wait` is false.
    """
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def agree(path: Path, text: str) -> None:
    """Write a file as a whole, unless another process was first."""
    own = path.with_name(f"{path.name}.{os.getpid()}")
    own.write_text(text, encoding="utf-8")
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()


def _row(source: str, frame: Frame, caption: Caption, ms: float) -> Row:
    return {
        "source": source,
        "frame": frame.number,
        "stamp_ns": frame.stamp_ns,
        "caption": caption.text,
        "initial_caption": caption.initial_text,
        "confidence": caption.confidence,
        "model": caption.model,
        "passes": caption.passes,
        "ms": ms,
    }


def _say(text: str) -> None:
    errors.print(f"error: {text}", style="red", markup=False)
