# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many threads caption, and how they wait."""

import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.captioner import threads
from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.threads import MOST, automatic, processors, use_threads


@pytest.fixture(autouse=True)
def _as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("there", "asked", "count"),
    [(8, "", 7), (2, "", 1), (1, "", 1), (8, "3", 3), (8, "4,2", 4), (8, "0", 7), (8, "all", 7)],
)
def test_auto_leaves_a_processor_to_others(monkeypatch, there, asked, count):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(threads, "processors", lambda: there)
    assert automatic() == count
    assert use_threads("auto") == count == torch.get_num_threads()


@pytest.mark.parametrize(
    ("quota", "count"),
    [("max 100000", 6), ("250000 100000", 2), ("50000 100000", 1), ("900000 100000", 6), ("?", 6)],
)
def test_a_container_has_what_it_is_given(monkeypatch, tmp_path, quota, count):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    monkeypatch.setattr(threads, "QUOTA", tmp_path / "cpu.max")
    assert processors() == 6
    threads.QUOTA.write_text(quota)
    assert processors() == count


@given(st.integers() | st.text(max_size=5) | st.sampled_from(["1", "64", "1025", "2.0", "-1"]))
def test_a_number_in_range_is_taken_and_all_else_refused(asked):
    text = str(asked)
    if asked == "auto" or (text.isdecimal() and 1 <= int(text) <= 8):
        assert use_threads(asked) == torch.get_num_threads()
    elif not text.isdecimal() or not 1 <= int(text) <= MOST:
        with pytest.raises(CaptionerError, match="expected auto, or a whole number from 1 to 1024"):
            use_threads(asked)


def test_a_captioner_is_loaded_with_so_many(tiny_checkpoint):
    assert Captioner.load(str(tiny_checkpoint), threads=1).threads == 1
    assert Captioner.load(str(tiny_checkpoint), threads=2).threads == 2
    assert Captioner.load(str(tiny_checkpoint)).threads == 2


def test_threads_that_wait_sleep_unless_the_user_says_otherwise():
    code = "import mmser_ros.captioner.captioner, os; print(os.environ['OMP_WAIT_POLICY'])"
    for given_policy, policy in (({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")):
        inherited = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**inherited, **given_policy},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [policy]
