# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The processes that train together: one, or as many as `accelerate launch` or torchrun started."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env, reduce
from torch import Tensor

PATIENCE = timedelta(days=1)
"""How long processes wait for the main one, which computes features and validates alone."""


def processes() -> PartialState:
    """This process among those that train together, and its device.

    A GPU where there is one, else the CPU; ACCELERATE_USE_CPU=true chooses the CPU.
    """
    cpu = parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.cuda.is_available()
    return PartialState(cpu=cpu, timeout=PATIENCE)


def add_up(tensors: Sequence[Tensor]) -> None:
    """Replace float32 tensors by their sums over all processes, in one exchange."""
    if processes().num_processes == 1:
        return
    total = reduce(torch.cat([one.flatten() for one in tensors]), "sum")
    parts = total.split([one.numel() for one in tensors])
    for one, part in zip(tensors, parts, strict=True):
        one.copy_(part.view_as(one))
