# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Images read from files and written to them."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mmser_ros.core.errors import MmserError

DIMENSIONS, CHANNELS = 3, 3
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


ImageInput = np.ndarray | Image.Image | str | Path
"""(height, width, 3) uint8 RGB, an image of PIL, or the path of an image file."""


class PictureError(MmserError):
    """An image that can't be read or written."""


def as_array(image: ImageInput) -> np.ndarray:
    """Give an image as (height, width, 3) uint8 RGB.

    Args:
        image: an array of that form, an image of PIL in any mode, or the path of an image file.

    Raises:
        PictureError: the array or the type is another, or the file can't be read.
    """
    if isinstance(image, (str, Path)):
        return load_picture(Path(image))
    if isinstance(image, Image.Image):
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    if not isinstance(image, np.ndarray):
        msg = f"got an image of type {type(image).__name__}; expected a NumPy array, an image of "
        msg += "PIL, or a path"
        raise PictureError(msg)
    if image.dtype == np.uint8 and image.ndim == DIMENSIONS and image.shape[2] == CHANNELS:
        if image.size:
            return image
        hint = "it is empty"
    elif image.dtype != np.uint8:
        hint = "scale it to 0 to 255 and use astype(np.uint8)"
    elif image.ndim == DIMENSIONS and image.shape[0] == CHANNELS:
        hint = "use image.transpose(1, 2, 0)"
    else:
        hint = "use PIL.Image.fromarray(image), which knows grey and RGBA"
    msg = f"got an array {image.shape} of {image.dtype}; expected (height, width, 3) of uint8, "
    msg += f"RGB: {hint}"
    raise PictureError(msg)


def load_picture(path: Path) -> np.ndarray:
    """Read an image file as (height, width, 3) uint8 RGB, rotated as its EXIF says.

    Raises:
        PictureError: there is no such file, or it is not an image.
    """
    return decode_picture(path, str(path))


def decode_picture(source: Path | IO[bytes], path: str) -> np.ndarray:
    """Read an image from a path or an open file; `path` is its name in error messages."""
    try:
        with Image.open(source) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except FileNotFoundError as error:
        msg = f"no such image: {path}"
        raise PictureError(msg) from error
    except UnidentifiedImageError as error:
        msg = f"{path} is not an image; expected a file in JPEG, PNG, WebP or another image format"
        raise PictureError(msg) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        msg = f"{path} can't be read as an image: {error}"
        raise PictureError(msg) from error


def save_picture(image: np.ndarray, path: Path) -> None:
    """Write an image; the suffix of the path is the format.

    Raises:
        PictureError: the folder can't be written or the format is unknown.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    except (OSError, ValueError) as error:
        msg = f"can't write {path}: {error}; expected a suffix such as .jpg or .png"
        raise PictureError(msg) from error
