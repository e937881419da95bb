# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A captioner of your own, for `mmser caption` and caption_node.

PYTHONPATH=examples mmser caption photo.jpg --model python:my_captioner.MyCaptioner
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmser_ros.captioner import Answer, AnsweringCaptioner

COLOURS = ("red", "green", "blue")
MIDDLE = 127


class MyCaptioner(AnsweringCaptioner):
    """Names the strongest colour of an image; a further pass says how bright it is."""

    def __init__(self, *, passes: int = 1, beams: int = 1, **_options: Any) -> None:
        super().__init__("my_captioner", passes=passes, beams=beams, max_beams=1)

    def answer(
        self, images: Sequence[np.ndarray], initials: Sequence[str] | None, beams: int
    ) -> list[Answer]:
        """Caption images (height, width, 3), uint8 RGB."""
        if initials is None:
            means = [image.mean(axis=(0, 1)) for image in images]
            return [Answer(f"a {COLOURS[int(mean.argmax())]} picture") for mean in means]
        brightness = ["bright" if image.mean() > MIDDLE else "dark" for image in images]
        return [Answer(f"{a}, {b}") for a, b in zip(initials, brightness, strict=True)]


if __name__ == "__main__":
    print(MyCaptioner(passes=2).caption(sys.argv[1]).text)
