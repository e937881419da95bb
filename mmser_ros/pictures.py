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
from mmser_ros.word_changes import word_changes

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
PAPER = (255, 255, 255)
INKS = {"kept": (20, 20, 20), "removed": (190, 40, 40), "added": (20, 120, 50)}
"""By what became of a word."""


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


def draw_caption(image: np.ndarray, caption: str, initial: str | None = None) -> np.ndarray:
    """Put a caption under a picture.

    Args:
        image: (height, width, 3) uint8 RGB.
        caption: any text; long ones take several lines.
        initial: the caption of the first look, if there was a second: the words it lost are
            struck through, those it gained underlined.

    Returns:
        A taller picture of the same width, uint8 RGB.
    """
    height, width = image.shape[:2]
    font = ImageFont.load_default(size=max(12, width // 28))
    margin = max(6, width // 60)
    characters = max(8, int((width - 2 * margin) / font.getlength("m")))
    baseline, bottom = (int(font.getbbox(letter)[3]) for letter in "xg")
    space, line = font.getlength(" "), bottom + max(4, bottom // 4)
    x, y = float(margin), height + margin
    placed: list[tuple[float, int, str, str]] = []
    for change in word_changes(caption if initial is None else initial, caption):
        for word in change.text.split():
            for piece in textwrap.wrap(word, characters):
                if x > margin and x + font.getlength(piece) > width - margin:
                    x, y = float(margin), y + line
                placed.append((x, y, piece, change.fate))
                x += font.getlength(piece) + space
    page = Image.new("RGB", (width, y + line + margin), PAPER)
    page.paste(Image.fromarray(image), (0, 0))
    draw = ImageDraw.Draw(page)
    for x, y, piece, fate in placed:
        draw.text((x, y), piece, fill=INKS[fate], font=font)
        if fate != "kept":
            rule = y + (baseline + 3 if fate == "added" else 0.7 * baseline)
            end = x + font.getlength(piece)
            draw.line([x, rule, end, rule], fill=INKS[fate], width=max(1, baseline // 10))
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
