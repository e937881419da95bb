# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pseudo-initial captions as JSON lines, in a file that a stopped run continues."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmser_ros.core.errors import MmserError
from mmser_ros.data.perturbation.perturb import ErrorMaker, pseudo_initial_captions


class PlantedFileError(MmserError):
    """A file that a run can't continue."""


def write_pseudo_initial_captions(
    path: Path,
    captions: Sequence[tuple[str, str]],
    maker: ErrorMaker,
    maker_name: str,
    *,
    each: int = 3,
    seed: int = 0,
    progress: Callable[[Iterable, str, int], Iterable] = lambda items, description, total: items,
) -> int:
    """Append missing lines one by one; an incomplete last line is made again.

    A line is `{"picture", "caption", "maker", "seed", "text", "errors"}`.

    Args:
        path: the file; its folder is created.
        captions: (image name, human caption).
        maker: plants the errors.
        maker_name: name of the maker, written to each line.
        each: pseudo-initial captions per caption.
        seed: seed of the errors.
        progress: wraps an iterable with a description and a total.

    Returns:
        The number of lines that existed before.

    Raises:
        PlantedFileError: the file has other captions, another maker or another seed.
    """
    heads = [
        {"picture": name, "caption": caption, "maker": maker_name, "seed": seed}
        for name, caption in captions
        for _ in range(each)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    done = _done(path, heads)
    made = pseudo_initial_captions([caption for _, caption in captions], maker, each, seed, done)
    rows = progress(zip(heads[done:], made, strict=True), "planting errors", len(heads) - done)
    with path.open("a", encoding="utf-8") as file:
        for head, (_, pseudo) in rows:
            file.write(json.dumps({**head, **asdict(pseudo)}) + "\n")
            file.flush()  # paid answers are kept if this process is killed
    return done


def _done(path: Path, heads: Sequence[dict[str, Any]]) -> int:
    """Count the complete lines, and cut off an incomplete last one."""
    if not path.exists():
        return 0
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    lines = whole.splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            same = number <= len(heads) and heads[number - 1].items() <= record.items()
        except (ValueError, AttributeError, TypeError):
            same = False
        if not same:
            msg = (
                f"line {number} of {path} is from another run; expected the same captions, maker "
                "and seed: give another file, or remove this one"
            )
            raise PlantedFileError(msg)
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    return len(lines)
