# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/captioner_speed.py beside a busy process, in a process of its own; no timing."""

import json
import os
import subprocess
import sys

from mmser_ros.captioner.threads import processors


def test_threads_are_compared_alone_and_beside_a_busy_process():
    command = [sys.executable, "benchmarks/captioner_speed.py", "--models", "nano"]
    command += ["--modes", "none", "--rounds", "1", "--tokens", "2", "--busy", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["threads"] == 1
    by_threads = result["ms_by_threads"]
    assert list(by_threads) == ["1", f"all ({processors()})", "auto (1)"]
    for times in by_threads.values():
        assert times.keys() == {"alone", "beside 1"}
        assert all(one > 0 for one in times.values())
