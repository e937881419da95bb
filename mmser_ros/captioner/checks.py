# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks of a captioner's arguments."""

from __future__ import annotations

import numpy as np
import torch

from mmser_ros.core.errors import MmserError


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


def check_beams(beams: int) -> int:
    """The number given.

    Raises:
        CaptionerError: it is less than 1.
    """
    if beams >= 1:
        return beams
    msg = f"beams is {beams}; expected 1 (greedy) or more"
    raise CaptionerError(msg)


def check_passes(passes: int, most: int, model: str) -> int:
    """The number given.

    Raises:
        CaptionerError: it is not 1 to what the model can make.
    """
    if 1 <= passes <= most:
        return passes
    msg = f"passes is {passes}; {model} can make 1 to {most}"
    if most == 1:
        msg += " (it has no SeR-connector, which refinement needs)"
    raise CaptionerError(msg)


def check_image(image: np.ndarray) -> None:
    """Raise CaptionerError if this is not a uint8 RGB picture."""
    shape = getattr(image, "shape", None)
    kind = getattr(image, "dtype", type(image).__name__)
    if kind != np.uint8 or shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape:  # noqa: PLR2004
        msg = f"got a picture of {kind} {shape}; expected uint8 (height, width, 3) RGB"
        raise CaptionerError(msg)
