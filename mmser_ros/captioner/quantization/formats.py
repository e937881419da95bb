# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Quantization: weights and activations in fewer bits, for speed or memory."""

from __future__ import annotations

import torch
from torch import nn

from mmser_ros.captioner.model.int8_linear import Int8Linear
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import ClipTower
from mmser_ros.core.errors import MmserError

MODES = ("auto", "none", "bf16", "fp16", "int8")
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""Floating type of weights and features, by mode; float32 of others."""


class QuantizationError(MmserError):
    """A quantization that is unknown or does not run on the device."""


def resolve(mode: str, device: str) -> str:
    """Resolve a quantization mode for a device, without measuring.

    Args:
        mode: `auto`, `none`, `bf16`, `fp16` or `int8`.
        device: such as `cpu` or `cuda:0`.

    Returns:
        The mode. `auto` becomes the usual one: `fp16` on a GPU, `int8` on a CPU that torch has an
        int8 engine for, and `none` on other CPUs.

    Raises:
        QuantizationError: the mode is unknown.
    """
    if mode == "int4":
        msg = "int4 is for models of the hub (hf:NAME) only; use int8, bf16, fp16 or none"
        raise QuantizationError(msg)
    if mode not in MODES:
        msg = f"unknown quantization {mode!r}; expected one of {', '.join(MODES)}"
        raise QuantizationError(msg)
    if mode != "auto":
        return mode
    if device != "cpu":
        return "fp16"
    return "int8" if _has_int8_engine() else "none"


def is_int8(mode: str, device: str) -> bool:
    """Whether a mode is int8 on a device, and can be used there."""
    return resolve(mode, device) == "int8" and device == "cpu" and _has_int8_engine()


def quantize(specialist: Specialist, mode: str, device: str) -> torch.dtype:
    """Quantize a specialist in place.

    `int8` quantizes the weights of linear layers to 8 bits, and their inputs at run time (dynamic
    quantization); those of CLIP too, but no convolutions.

    Args:
        specialist: the model; it must be on the CPU.
        mode: as `resolve` takes it.
        device: the device that it will run on.

    Returns:
        The floating type of its inputs.

    Raises:
        QuantizationError: the mode is unknown, or slower than no quantization on that device.
    """
    on_cpu, mode = device == "cpu", resolve(mode, device)
    if mode == "fp16" and on_cpu:
        msg = "fp16 is far slower than float32 on a CPU; use bf16, int8 or none there"
        raise QuantizationError(msg)
    if mode == "int8" and not on_cpu:
        msg = f"int8 runs on the CPU only and the device is {device}; use fp16 or bf16 there"
        raise QuantizationError(msg)
    if mode == "int8":
        dynamic_int8(specialist)
        if isinstance(specialist.vision, ClipTower):
            dynamic_int8(specialist.vision)
    dtype = DTYPES.get(mode, torch.float32)
    if dtype != torch.float32:
        specialist.to(dtype)
        specialist.vision.to(dtype)
    return dtype


def _has_int8_engine() -> bool:
    return torch.backends.quantized.engine != "none"


def dynamic_int8(model: nn.Module) -> None:
    """Quantize the linear layers of a model on the CPU to 8 bits, in place.

    Weights that were stored in 8 bits stay the same.

    Raises:
        QuantizationError: torch has no int8 engine for this processor.
    """
    if not _has_int8_engine():
        msg = "this build of torch has no int8 engine for this processor; use bf16 or none"
        raise QuantizationError(msg)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, Int8Linear(child.weight, child.bias))
