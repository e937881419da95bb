# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the machine can do and uses: operations and bytes per second, energy, peak memory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from mmser_ros.captioner.quantization.formats import DTYPES, dynamic_int8
from mmser_ros.captioner.threads import processor_name

POWERCAP = Path("/sys/class/powercap")
ROWS, INPUTS, OUTPUTS = 577, 1024, 4096
"""A product of the size of those in CLIP ViT-L/14-336."""
SIDE = 8192
"""Rows and columns of the matrix that is read for the bandwidth: 256 MiB, more than a cache."""
REPEATS = 7
TEGRASTATS_MS = 100


def machine() -> dict[str, Any]:
    """The processor, the GPU if there is one, threads and versions."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "load_average": os.getloadavg()[0],
    }


@torch.inference_mode()
def peak_operations(quantize: str, device: str) -> float:
    """Operations per second of a matrix product in a number format; the best of several."""
    dtype = DTYPES.get(quantize, torch.float32)
    layer: nn.Module = nn.Sequential(nn.Linear(INPUTS, OUTPUTS))
    if quantize == "int8":
        dynamic_int8(layer)
    layer.to(device, dtype)
    inputs = torch.randn(ROWS, INPUTS, device=device, dtype=dtype)
    return 2 * ROWS * INPUTS * OUTPUTS / _quickest(lambda: layer(inputs), device)


@torch.inference_mode()
def bandwidth(device: str) -> float:
    """Bytes per second of reading a matrix that fits in no cache; the best of several."""
    matrix = torch.ones(SIDE, SIDE, device=device)
    vector = torch.ones(SIDE, device=device)
    return matrix.nbytes / _quickest(lambda: torch.mv(matrix, vector), device)


def _quickest(run: Callable[[], Tensor], device: str) -> float:
    times = []
    for _ in range(REPEATS):
        begun = perf_counter()
        run()
        if device != "cpu":
            torch.cuda.synchronize()
        times.append(perf_counter() - begun)
    return min(times)


def peak_memory() -> int:
    """Peak resident memory of this process, in bytes.

    That of `getrusage` includes the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])  # type: ignore[index]


Meter = Callable[[], float]
"""Gives the energy used so far, in joules, from an arbitrary start."""


def energy_meter(device: str) -> tuple[str, Meter] | None:
    """The machine's energy meter with its name, or None.

    It is NVML for a GPU (needs the package nvidia-ml-py), `tegrastats` on a Jetson, or RAPL for
    the processors, whose files only root may read on many systems.
    """
    if shutil.which("tegrastats"):
        return "tegrastats", _tegrastats()
    found = _nvml(device) if device != "cpu" else _rapl()
    return ("nvml" if device != "cpu" else "rapl", found) if found else None


def _rapl() -> Meter | None:
    packages = sorted(POWERCAP.glob("intel-rapl:[0-9]*"))
    meters = [one / "energy_uj" for one in packages if one.name.count(":") == 1]
    if not meters or not all(os.access(one, os.R_OK) for one in meters):
        return None
    most = [int((one.parent / "max_energy_range_uj").read_text()) for one in meters]
    last = [int(one.read_text()) for one in meters]
    used = 0

    def read() -> float:
        nonlocal used
        for number, one in enumerate(meters):
            now = int(one.read_text())
            used += (now - last[number]) % (most[number] + 1)  # it starts again from 0
            last[number] = now
        return used / 1e6

    return read


def _nvml(device: str) -> Meter | None:
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        uuid = torch.cuda.get_device_properties(device).uuid
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
        pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except pynvml.NVMLError:
        return None
    return lambda: pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3


def _tegrastats() -> Meter:
    """Power of the whole board, or else the sum of all rails, added up over time."""
    command = ["tegrastats", "--interval", str(TEGRASTATS_MS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    joules = 0.0

    def add_up() -> None:
        nonlocal joules
        last = perf_counter()
        for line in process.stdout or ():
            rails = {name: int(now) for name, now in re.findall(r"(\w+) (\d+)mW", line)}
            now = perf_counter()
            joules += rails.get("VDD_IN", sum(rails.values())) / 1e3 * (now - last)
            last = now

    Thread(target=add_up, daemon=True).start()
    return lambda: joules
