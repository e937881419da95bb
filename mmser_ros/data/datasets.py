# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Readers of captioned images, and of captions without images."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmser_ros.data.tar_pictures import DatasetError, TarPictures, each_picture


class PictureReader(ABC):
    """Images with human captions: the interface of every reader.

    Attributes:
        split: name of this part of the data.
        captions: image name → captions, in a fixed order.
        corrupt: names of the images that `pictures` could not read so far.
    """

    split: str
    captions: dict[str, list[str]]
    corrupt: list[str]

    @abstractmethod
    def picture(self, name: str) -> np.ndarray:
        """Read one image, (height, width, 3) uint8 RGB; several threads may do so at once.

        Raises:
            PictureError: it is missing or corrupt.
        """

    def pictures(self) -> Iterator[tuple[str, np.ndarray | None]]:
        """Yield names and images in the order of `captions`; None for an unreadable image."""
        return each_picture(self.captions, self.picture, self.corrupt)


class Flickr8k(PictureReader):
    """One split of Flickr8k: a tar of images, and a JSON file of five captions each."""

    def __init__(self, root: Path, split: str) -> None:
        """Read the captions.

        Args:
            root: folder with `<split>.tar` and `<split>_captions.json`, which is
                {image name: [captions]}.
            split: `train` or `dev`.

        Raises:
            DatasetError: a file is missing or not as described.
        """
        self.split = split
        self.corrupt = []
        captions = Path(root) / f"{split}_captions.json"
        self._tar = TarPictures(Path(root) / f"{split}.tar")
        try:
            self.captions = json.loads(captions.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = (
                f"can't read {captions} ({error}); expected a folder with {split}.tar and "
                f"{split}_captions.json ({{image name: [captions]}})"
            )
            raise DatasetError(msg) from error

    def picture(self, name: str) -> np.ndarray:
        """As `PictureReader.picture`.

        Raises:
            PictureError: it is not in the tar, or corrupt.
            DatasetError: the tar can't be read.
        """
        return self._tar.picture(name)


def read_sentences(path: Path) -> list[str]:
    """Read a text file with one caption per line; empty lines are left out.

    Raises:
        DatasetError: the file can't be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"can't read the captions {path}: {error}"
        raise DatasetError(msg) from error
    return [line for line in lines if line.strip()]
