# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Images in a tar, read without unpacking it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from mmser_ros.core.errors import MmserError
from mmser_ros.core.images import PictureError, decode_picture


class DatasetError(MmserError):
    """Training or evaluation data that is missing, or not in the expected format."""


def each_picture(
    names: Iterable[str], picture: Callable[[str], np.ndarray], corrupt: list[str]
) -> Iterator[tuple[str, np.ndarray | None]]:
    """Yield each name with its image; None for an unreadable image.

    Args:
        names: names of the images.
        picture: reads an image, or raises a PictureError.
        corrupt: names of unreadable images are appended to it.
    """
    for name in names:
        try:
            yield name, picture(name)
        except PictureError:
            corrupt.append(name)
            yield name, None


class TarPictures:
    """The images in one uncompressed tar; several threads may read at once.

    The name of an image is its file name, without the folder in the tar.
    """

    def __init__(self, path: Path) -> None:
        """Set the tar's path; it is opened when first needed."""
        self.path = Path(path)

    def names(self) -> list[str]:
        """File names in the tar, sorted.

        Raises:
            DatasetError: the tar can't be read.
        """
        return sorted(self._members)

    def picture(self, name: str) -> np.ndarray:
        """Read one image, (height, width, 3) uint8 RGB.

        Raises:
            PictureError: it is not in the tar, or corrupt.
            DatasetError: the tar can't be read.
        """
        if name not in self._members:
            msg = f"{self.path} has no image {name}"
            raise PictureError(msg)
        start, size = self._members[name]
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                content = io.BytesIO(file.read(size))
        except OSError as error:
            raise self._damaged(error) from error
        return decode_picture(content, f"{name} in {self.path}")

    @cached_property
    def _members(self) -> dict[str, tuple[int, int]]:
        """Start and size of each file in the tar, in bytes."""
        try:
            with tarfile.open(self.path, "r:") as archive:
                return {
                    Path(one.name).name: (one.offset_data, one.size)
                    for one in archive
                    if one.isfile()
                }
        except (OSError, tarfile.TarError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DatasetError:
        return DatasetError(f"can't read {self.path}: {error}; expected an uncompressed tar")
