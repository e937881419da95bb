# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures from files, and captions drawn under them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from mmser_ros.errors import MmserError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
INK, PAPER = (20, 20, 20), (255, 255, 255)


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


def draw_caption(image: np.ndarray, caption: str) -> np.ndarray:
    """Put a caption under a picture.

    Args:
        image: (height, width, 3) uint8 RGB.
        caption: any text; long ones take several lines.

    Returns:
        A taller picture of the same width, uint8 RGB.
    """
    height, width = image.shape[:2]
    font = ImageFont.load_default(size=max(12, width // 28))
    margin = max(6, width // 60)
    characters = max(8, int((width - 2 * margin) / font.getlength("n")))
    text = "\n".join(textwrap.wrap(caption, characters)) or " "
    box = ImageDraw.Draw(Image.new("RGB", (1, 1))).multiline_textbbox((0, 0), text, font=font)
    page = Image.new("RGB", (width, height + int(box[3]) + 2 * margin), PAPER)
    page.paste(Image.fromarray(image), (0, 0))
    ImageDraw.Draw(page).multiline_text((margin, height + margin), text, fill=INK, font=font)
    return np.asarray(page)


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
