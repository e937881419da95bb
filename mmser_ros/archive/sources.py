# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is captioned: images, videos and bags, and the shares that workers take."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import groupby, islice
from pathlib import Path

from mmser_ros.core.errors import MmserError
from mmser_ros.core.images import SUFFIXES
from mmser_ros.nodes.replay.bag_files import bag_of
from mmser_ros.nodes.replay.frames import VIDEO_SUFFIXES, Frame, read_frames

SHARE_IMAGES = 256
"""Image files in a share; a video or bag is a share by itself."""


def find_sources(given: Sequence[Path]) -> list[Path]:
    """Find the image files, videos and bags that are meant, each once.

    Args:
        given: such files and bags, patterns such as `bags/**/*.mcap`, and folders of them: of
            their subfolders only those that are bags count.

    Raises:
        MmserError: there is nothing at a path, or nothing of use in a folder.
    """
    found: list[Path] = []
    for path in given:
        matches = [path] if path.exists() else _matches(path)
        some = [one for match in matches for one in _sources_of(match)]
        if not some:
            msg = f"{path}: nothing to caption there; expected an image, a video, a bag, a folder "
            msg += "of them, or a pattern such as 'bags/*.mcap'"
            raise MmserError(msg)
        found += some
    return list(dict.fromkeys(found))


def shares_of(sources: Sequence[Path]) -> list[list[Path]]:
    """Divide sources, in order, into what one worker captions at a time."""
    shares = []
    for are_images, some in groupby(sources, lambda one: one.suffix.lower() in SUFFIXES):
        while share := list(islice(some, SHARE_IMAGES if are_images else 1)):
            shares.append(share)
    return shares


def frames_of(
    share: Sequence[Path], topic: str, on_bad: Callable[[str], None], after: tuple[str, int] | None
) -> Generator[tuple[str, Frame], None, None]:
    """The images of a share, each with the path of its source.

    Args:
        share: image files, videos and bags.
        topic: of bags; empty: their only image topic.
        on_bad: told of images and sources that can't be read.
        after: source and number of the image to go on after; None: from the first on.
    """
    start = 0
    if after is not None:
        share = share[[str(one) for one in share].index(after[0]) :]
        start = after[1] + 1
    for path in share:
        try:
            for frame in read_frames(path, topic, on_bad, start):
                yield str(path), frame
        except MmserError as error:
            on_bad(str(error))
        start = 0


def _matches(pattern: Path) -> list[Path]:
    return sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))


def _sources_of(path: Path) -> list[Path]:
    if (bag := bag_of(path)) is not None:
        return [bag]
    if not path.is_dir():
        return [path]
    kinds = SUFFIXES | VIDEO_SUFFIXES
    children = sorted(path.iterdir())
    return [one for one in children if bag_of(one) or one.suffix.lower() in kinds]
