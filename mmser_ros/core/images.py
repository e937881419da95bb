# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Images read from files and written to them."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mmser_ros.core.errors import MmserError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


class PictureError(MmserError):
    """A picture that can't be read or written."""


def load_picture(path: Path) -> np.ndarray:
    """Read a picture as (height, width, 3) uint8 RGB, turned upright as its EXIF says.

    Raises:
        PictureError: no such file, or no picture in it.
    """
    return decode_picture(path, str(path))


def decode_picture(source: Path | IO[bytes], path: str) -> np.ndarray:
    """Read a picture from a file, open or not, as `load_picture` does; `path` is for messages."""
    try:
        with Image.open(source) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except FileNotFoundError as error:
        msg = f"no such picture: {path}"
        raise PictureError(msg) from error
    except UnidentifiedImageError as error:
        msg = f"{path} is not a picture, whatever its name says; expected JPEG, PNG, WebP, …"
        raise PictureError(msg) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        msg = f"{path} can't be read as a picture: {error}"
        raise PictureError(msg) from error


def save_picture(image: np.ndarray, path: Path) -> None:
    """Write a picture; the suffix of the path says the format.

    Raises:
        PictureError: the folder can't be written or the format is unknown.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    except (OSError, ValueError) as error:
        msg = f"can't write {path}: {error}; expected a suffix such as .jpg or .png"
        raise PictureError(msg) from error
