# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sets of images in one folder, in one format.

The folder holds `<set>/<split>.tar` and the files that `set_files.FILES` describes. Its
`validation.json` is {set: [names of train images]}: images for validation, not for training.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from mmser_ros.data.example import Example
from mmser_ros.data.set_files import read_examples, read_json
from mmser_ros.data.tar_pictures import DatasetError, TarPictures, each_picture

SPLITS = ("train", "dev")
PARTS = ("all", "training", "validation")
NAMED = 3
"""Number of images that a report names."""
logger = logging.getLogger(__name__)


class PictureSet:
    """One split of one set, or a part of it.

    Attributes:
        name: name of the set.
        split: `train` or `dev`.
        examples: image name → its annotations, sorted by name.
        corrupt: names of the images that `pictures` could not read so far.
    """

    def __init__(
        self,
        name: str,
        split: str,
        examples: Mapping[str, Example],
        tar: TarPictures,
        left_out: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Set up what `open_sets` has read; `left_out` is {reason: picture names}."""
        self.name = name
        self.split = split
        self.examples = dict(examples)
        self.corrupt: list[str] = []
        self._tar = tar
        self._left_out = dict(left_out or {})

    @property
    def captions(self) -> dict[str, list[str]]:
        """Human captions of the images that have some."""
        return {name: list(one.captions) for name, one in self.examples.items() if one.captions}

    def picture(self, name: str) -> np.ndarray:
        """Read one image, (height, width, 3) uint8 RGB; several threads may do so at once.

        Raises:
            PictureError: it is not in the tar, or corrupt.
            DatasetError: the tar can't be read.
        """
        return self._tar.picture(name)

    def pictures(self) -> Iterator[tuple[str, np.ndarray | None]]:
        """Yield names and images in the order of `examples`; None for an unreadable image."""
        return each_picture(self.examples, self.picture, self.corrupt)

    def where(self, keep: Callable[[Example], bool]) -> PictureSet:
        """The set of the images for which `keep` is true."""
        kept = {name: one for name, one in self.examples.items() if keep(one)}
        return PictureSet(self.name, self.split, kept, self._tar, self._left_out)

    def spread(self, limit: int | None) -> PictureSet:
        """A set of at most `limit` images, evenly spread over the sorted names."""
        count = len(self.examples)
        if limit is None or limit >= count:
            return self
        names = list(self.examples)
        chosen = {names[number * count // limit] for number in range(limit)}
        return self.where(lambda one: one.name in chosen)

    def report(self) -> str:
        """One line on the images that were read, and those left out with the reasons."""
        parts = [f"{self.name} {self.split}: {len(self.examples)} images"]
        parts += [
            f"{len(names)} left out, {why}: {', '.join(names[:NAMED])}"
            + ", …" * (len(names) > NAMED)
            for why, names in self._left_out.items()
            if names
        ]
        return "; ".join(parts)


def available_sets(data: Path, split: str) -> list[str]:
    """Sorted names of the sets in a folder that have a split.

    Raises:
        DatasetError: there are none.
    """
    found = sorted(one.parent.name for one in Path(data).glob(f"*/{split}.tar"))
    if not found:
        msg = f"{data} has no set with a split {split}; expected <set>/{split}.tar in it"
        raise DatasetError(msg)
    return found


def open_sets(
    data: Path, split: str, names: Sequence[str] | None = None, part: str = "all"
) -> list[PictureSet]:
    """Open sets of images, and log a report of each.

    Images without annotations are left out, and so are annotations without images; see
    `PictureSet.report`.

    Args:
        data: folder of sets.
        split: `train` or `dev`.
        names: names of sets, in this order; default: all with images of this split and part.
        part: `all`, `training` (without the images of validation.json) or `validation` (only
            those).

    Raises:
        DatasetError: a set, split or part is unknown or empty, or a file is missing or damaged.
    """
    data = Path(data)
    for value, known, what in ((split, SPLITS, "split"), (part, PARTS, "part")):
        if value not in known:
            msg = f"unknown {what} {value!r}; expected {', '.join(known)}"
            raise DatasetError(msg)
    if part != "all" and split != "train":
        msg = f"part {part} of split {split}; only train has parts: give split train or part all"
        raise DatasetError(msg)
    available = available_sets(data, split)
    unknown = [name for name in names or () if name not in available]
    if unknown:
        msg = f"no set {', '.join(unknown)} with a split {split}; {data} has {', '.join(available)}"
        raise DatasetError(msg)
    kept_apart = _validation(data) if part != "all" else {}
    opened = []
    for name in names or available:
        one = _open(data / name, split, part, kept_apart.get(name, ()))
        if one.examples:
            opened.append(one)
            logger.info("%s", one.report())
        elif names:
            msg = f"{name} has no images in part {part} of split {split}: leave it out"
            raise DatasetError(msg)
    if not opened:
        msg = f"no set in {data} has images in part {part} of split {split}"
        raise DatasetError(msg)
    return opened


def _open(folder: Path, split: str, part: str, kept_apart: Iterable[str]) -> PictureSet:
    examples = read_examples(folder, split)
    tar = TarPictures(folder / f"{split}.tar")
    there, apart = set(tar.names()), set(kept_apart)
    left_out = {
        "in the tar but in no file": sorted(there - examples.keys()),
        "in a file but not in the tar": sorted(examples.keys() - there),
        "in validation.json but not in the tar": sorted(apart - there),
    }
    chosen = {
        name: one
        for name, one in examples.items()
        if name in there and (part == "all" or (name in apart) == (part == "validation"))
    }
    return PictureSet(folder.name, split, chosen, tar, left_out)


def _validation(data: Path) -> dict[str, list[str]]:
    path = data / "validation.json"
    content = read_json(path)
    if not isinstance(content, dict) or not all(
        isinstance(some, list) and all(isinstance(one, str) for one in some)
        for some in content.values()
    ):
        msg = f"{path} is not as expected: {{set: [names of train images]}}"
        raise DatasetError(msg)
    return content
