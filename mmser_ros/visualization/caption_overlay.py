# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A caption drawn under its image, with the words that refinement changed."""

from __future__ import annotations

import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmser_ros.core.word_diff import word_changes

PAPER = (255, 255, 255)
INKS = {"kept": (20, 20, 20), "removed": (190, 40, 40), "added": (20, 120, 50)}
"""Colours by the fate of a word."""


def draw_caption(image: np.ndarray, caption: str, initial: str | None = None) -> np.ndarray:
    """Draw a caption under an image.

    Args:
        image: (height, width, 3) uint8 RGB.
        caption: any text; long captions are wrapped.
        initial: the caption before refinement, if there was one. Removed words are struck
            through, added words are underlined.

    Returns:
        A taller image of the same width, uint8 RGB.
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
                placed.append((x, y, piece, change.kind))
                x += font.getlength(piece) + space
    page = Image.new("RGB", (width, y + line + margin), PAPER)
    page.paste(Image.fromarray(image), (0, 0))
    draw = ImageDraw.Draw(page)
    for x, y, piece, kind in placed:
        draw.text((x, y), piece, fill=INKS[kind], font=font)
        if kind != "kept":
            rule = y + (baseline + 3 if kind == "added" else 0.7 * baseline)
            end = x + font.getlength(piece)
            draw.line([x, rule, end, rule], fill=INKS[kind], width=max(1, baseline // 10))
    return np.asarray(page)
