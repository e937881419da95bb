# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import os
import sys
import time
from types import SimpleNamespace

import pytest

from mmser_ros.evaluation.bench import machine


@pytest.fixture
def powercap(tmp_path, monkeypatch):
    """Two processors, and a part of one of them, which counts once."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "POWERCAP", tmp_path)
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text("9000000\n")
        (tmp_path / name / "max_energy_range_uj").write_text("9999999\n")
    return tmp_path


def test_rapl_adds_up_processors_and_starts_again_from_zero(powercap):
    name, meter = machine.energy_meter("cpu")
    assert (name, meter()) == ("rapl", 0.0)
    (powercap / "intel-rapl:0" / "energy_uj").write_text("9500000\n")
    (powercap / "intel-rapl:1" / "energy_uj").write_text("1000000\n")
    (powercap / "intel-rapl:0:0" / "energy_uj").write_text("9900000\n")
    assert meter() == pytest.approx(0.5 + 2.0)


def test_a_machine_without_a_meter_has_none(powercap, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert machine.energy_meter("cuda:0") is None
    monkeypatch.setattr(machine, "POWERCAP", powercap / "nothing")
    assert machine.energy_meter("cpu") is None


def test_tegrastats_is_added_up_over_time(tmp_path, monkeypatch):
    """Of a stand-in that reports 5 W of the board, and a rail that is part of it."""
    program = tmp_path / "tegrastats"
    line = "RAM 1/7620MB VDD_IN 5000mW/4900mW VDD_CPU_GPU_CV 1000mW/1000mW"
    program.write_text(f'#!/bin/sh\nfor n in 1 2 3; do echo "{line}"; sleep 0.02; done\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    begun = time.perf_counter()
    name, meter = machine.energy_meter("cuda:0")
    while not (used := meter()):
        assert time.perf_counter() - begun < 60
    assert name == "tegrastats"
    assert used <= 5.0 * (time.perf_counter() - begun)


def test_nvml_counts_millijoules(monkeypatch, tmp_path):
    used = iter([1000, 1000, 3500])
    stub = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: next(used),
    )
    monkeypatch.setitem(sys.modules, "pynvml", stub)
    monkeypatch.setenv("PATH", str(tmp_path))
    properties = SimpleNamespace(uuid="1")
    monkeypatch.setattr(machine.torch.cuda, "get_device_properties", lambda device: properties)
    name, meter = machine.energy_meter("cuda:0")
    assert (name, meter(), meter()) == ("nvml", 1.0, 3.5)


def test_the_machine_is_measured():
    assert machine.machine()["cores"] == os.cpu_count()
    assert machine.peak_memory() > 1e6
    assert machine.peak_operations("int8", "cpu") > 1e6
    assert machine.bandwidth("cpu") > 1e6
