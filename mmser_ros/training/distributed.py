# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Data-parallel training: one process, or those of `accelerate launch` or torchrun."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env, reduce
from torch import Tensor

TIMEOUT = timedelta(days=1)
"""Time-out of processes that wait for the main one, which computes features and validates."""


def processes() -> PartialState:
    """The state of this process: its rank, and its device.

    The device is a GPU if there is one, else the CPU; ACCELERATE_USE_CPU=true selects the CPU.
    """
    cpu = parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.cuda.is_available()
    return PartialState(cpu=cpu, timeout=TIMEOUT)


def sum_over_processes(tensors: Sequence[Tensor]) -> None:
    """Replace float32 tensors by their sums over all processes, in one all-reduce."""
    if processes().num_processes == 1:
        return
    total = reduce(torch.cat([one.flatten() for one in tensors]), "sum")
    parts = total.split([one.numel() for one in tensors])
    for one, part in zip(tensors, parts, strict=True):
        one.copy_(part.view_as(one))
