# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Readers of captioned pictures and of plain captions."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmser_ros.errors import MmserError


class DatasetError(MmserError):
    """Training or evaluation data that is missing or not as expected."""


@dataclass
class Flickr8k:
    """One split of Flickr8k: a tar of pictures and a JSON of five captions for each.

    Attributes:
        root: folder with `<split>.tar` and `<split>_captions.json` ({picture name: [captions]}).
        split: `train` or `dev`.
        captions: picture name → captions, in the order of the JSON.
        corrupt: names of pictures that `pictures` could not decode.

    Raises:
        DatasetError: a file is missing or not as described.
    """

    root: Path
    split: str
    captions: dict[str, list[str]] = field(init=False)
    corrupt: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        path = Path(self.root) / f"{self.split}_captions.json"
        try:
            self.captions = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = (
                f"can't read {path} ({error}); expected a folder with {self.split}.tar and "
                f"{self.split}_captions.json ({{picture name: [captions]}})"
            )
            raise DatasetError(msg) from error

    def pictures(self, skip: int = 0) -> Iterator[tuple[str, np.ndarray | None]]:
        """Yield (name, (height, width, 3) uint8 RGB) in the order of `captions`.

        A corrupt picture is yielded as None and its name added to `corrupt`.

        Args:
            skip: how many pictures to leave out at the beginning.

        Raises:
            DatasetError: the tar is missing or lacks a picture that has captions.
        """
        path = Path(self.root) / f"{self.split}.tar"
        try:
            with tarfile.open(path) as archive:
                members = {Path(member.name).name: member for member in archive if member.isfile()}
                lacking = [name for name in self.captions if name not in members]
                if lacking:
                    msg = f"{path} lacks {len(lacking)} captioned pictures, such as {lacking[0]}"
                    raise DatasetError(msg)
                for name in list(self.captions)[skip:]:
                    file = archive.extractfile(members[name])
                    assert file is not None  # isfile() above
                    yield name, self._decode(name, file.read())
        except (OSError, tarfile.TarError) as error:
            msg = f"can't read {path}: {error}"
            raise DatasetError(msg) from error

    def _decode(self, name: str, data: bytes) -> np.ndarray | None:
        try:
            return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        except (UnidentifiedImageError, OSError):
            self.corrupt.append(name)
            return None


def read_sentences(path: Path) -> list[str]:
    """Read a text file of one caption a line; empty lines are left out.

    Raises:
        DatasetError: the file can't be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"can't read the captions {path}: {error}"
        raise DatasetError(msg) from error
    return [line for line in lines if line.strip()]
