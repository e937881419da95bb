# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks of a captioner's arguments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Image

from mmser_ros.core.errors import MmserError
from mmser_ros.core.images import ImageInput, as_array

MOST_PASSES, MOST_BEAMS = 10, 16


class CaptionerError(MmserError):
    """A captioner that can't be loaded, or can't be used as asked."""


def check_device(device: str) -> str:
    """The device to use: what `auto` means here, or the one given.

    Raises:
        CaptionerError: there is no such device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        msg = f"unknown device {device!r}; expected auto, cpu, cuda or cuda:N"
        raise CaptionerError(msg) from error
    if kind not in ("cpu", "cuda"):  # torch has more kinds of device
        msg = f"unknown device {device!r}; expected auto, cpu, cuda or cuda:N"
        raise CaptionerError(msg)
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "cuda" and (torch.device(device).index or 0) >= there:
        found = f"CUDA devices 0 to {there - 1}" if there else "no CUDA device"
        msg = f"device {device!r}: torch {torch.__version__} finds {found}; use cpu or auto"
        raise CaptionerError(msg)
    return device


def check_beams(beams: int, most: int, model: str) -> int:
    """The number given.

    Raises:
        CaptionerError: it is not 1 to what the model can use.
    """
    if 1 <= beams <= most:
        return beams
    msg = f"beams is {beams}; {model} can use 1 (greedy) to {most}"
    raise CaptionerError(msg if most > 1 else f"beams is {beams}; {model} decodes greedily: use 1")


NO_CONNECTOR = "it has no SeR-connector, which refinement needs"


def check_passes(passes: int, most: int, model: str, why: str = NO_CONNECTOR) -> int:
    """The number given; `why` says why a model makes one pass only.

    Raises:
        CaptionerError: it is not 1 to what the model can make.
    """
    if 1 <= passes <= most:
        return passes
    msg = f"passes is {passes}; {model} can make 1 to {most}"
    if most == 1:
        msg += f" ({why})"
    raise CaptionerError(msg)


def check_refine_below(confidence: float) -> float:
    """The number given.

    Raises:
        CaptionerError: it is not 0 to 1.
    """
    if 0.0 <= confidence <= 1.0:
        return confidence
    msg = f"refine_below is {confidence}; expected a confidence from 0 to 1 (1: refine all)"
    raise CaptionerError(msg)


def check_images(
    images: Sequence[ImageInput], initials: Sequence[str] | None = None
) -> list[np.ndarray]:
    """The images as arrays (height, width, 3), uint8 RGB.

    Raises:
        CaptionerError: a single image was given in place of several, or none, or `initials` are
            not one for each, or no text.
        PictureError: an image is not as described in `as_array`.
    """
    if isinstance(images, (str, Path, Image)):
        msg = f"got {images!r}; expected a list of images. For one image call caption()"
        raise CaptionerError(msg)
    arrays = [as_array(one) for one in images]
    if not arrays:
        msg = "got no images; expected at least one"
        raise CaptionerError(msg)
    if initials is not None and len(initials) != len(arrays):
        msg = f"got {len(initials)} initial captions for {len(arrays)} images; expected one each"
        raise CaptionerError(msg)
    for one in initials or ():
        check_text(one, "an initial caption")
    return arrays


def check_text(text: str, what: str) -> None:
    """Check that a text can be sent; what a shell passes on may be no UTF-8.

    Raises:
        CaptionerError: it can't; `what` says which text it is.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = f"{what} is no text in Unicode: {error}; expected UTF-8"
        raise CaptionerError(msg) from error
