# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The processor, and the number of its threads that are used."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import torch

from mmser_ros.captioner.checks import CaptionerError

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Linux's CPU quota of a container: microseconds per period, and the period."""
CPU_INFO = Path("/proc/cpuinfo")
MOST = 1024


def use_threads(threads: int | str) -> int:
    """Set the number of CPU threads of torch, for the whole process.

    Args:
        threads: 1 to 1024, or `auto`: OMP_NUM_THREADS if set, else the number of processors minus
            one, and at least 1. On a robot other programs run too, and as many threads as
            processors are then slower than one thread.

    Returns:
        The number of threads.

    Raises:
        CaptionerError: `threads` is neither.
    """
    wanted = automatic() if threads == "auto" else threads
    if not str(wanted).isdecimal() or not 1 <= int(wanted) <= MOST:
        msg = f"threads is {threads!r}; expected auto, or a whole number from 1 to {MOST}"
        raise CaptionerError(msg)
    torch.set_num_threads(int(wanted))
    return int(wanted)


def automatic() -> int:
    """The number of threads that `auto` means on this machine."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdecimal() and 1 <= int(asked) <= MOST:
        return int(asked)
    return max(1, min(processors() - 1, MOST))


def processors() -> int:
    """Number of processors that this process may use, by its CPU affinity and quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        share, period = QUOTA.read_text(encoding="ascii").split()
        quota = int(share) // int(period)
    except (OSError, ValueError, ZeroDivisionError):  # no quota, or `max`
        return count or 1
    return max(1, min(count or 1, quota))


def processor_name() -> str:
    """The processor's name, or its architecture where Linux does not tell (on ARM)."""
    try:
        text = CPU_INFO.read_text(encoding="utf-8")
    except OSError:
        text = ""
    name = re.search(r"model name\s*:\s*(.*)", text)
    return name[1] if name else platform.machine()
