# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many processors a caption is made on."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from mmser_ros.captioner.checks import CaptionerError

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux says how much processor time a container may take: microseconds, and of how many."""
MOST = 1024


def use_threads(threads: int | str) -> int:
    """Let torch work with so many threads, in the whole process.

    Args:
        threads: how many, 1 to 1024; `auto`: as OMP_NUM_THREADS says, else one fewer than there
            are processors, and at least 1. On a robot something else always runs: beside it, as
            many threads as processors wait for each other and are slower than one.

    Returns:
        How many they are.

    Raises:
        CaptionerError: it is neither.
    """
    wanted = automatic() if threads == "auto" else threads
    if not str(wanted).isdecimal() or not 1 <= int(wanted) <= MOST:
        msg = f"threads is {threads!r}; expected auto, or a whole number from 1 to {MOST}"
        raise CaptionerError(msg)
    torch.set_num_threads(int(wanted))
    return int(wanted)


def automatic() -> int:
    """What `auto` means on this machine."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdecimal() and 1 <= int(asked) <= MOST:
        return int(asked)
    return max(1, min(processors() - 1, MOST))


def processors() -> int:
    """Processors that this process may use: those there are, fewer where it is confined."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        share, period = QUOTA.read_text(encoding="ascii").split()
        quota = int(share) // int(period)
    except (OSError, ValueError, ZeroDivisionError):  # none, or `max`
        return count or 1
    return max(1, min(count or 1, quota))
