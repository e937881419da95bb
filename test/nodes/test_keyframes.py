# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np

from mmser_ros.nodes.keyframes import KeyframeGate


def room(shade):
    return np.full((48, 64, 3), shade, np.uint8)


def test_only_what_differs_passes():
    gate = KeyframeGate()
    assert gate.passes(room(100), 1.0, 0.02)
    assert not gate.passes(room(100), 2.0, 0.02)
    assert not gate.passes(room(104), 3.0, 0.02)  # 4/255 = 0.016
    assert not gate.passes(room(104), 4.0, 0.02)
    assert gate.passes(room(107), 5.0, 0.02)  # against the last that passed: 7/255 = 0.027


def test_slow_change_adds_up():
    gate = KeyframeGate()
    passed = [gate.passes(room(shade), float(shade), 0.02) for shade in range(60)]
    assert 5 <= sum(passed) <= 12


def test_zero_lets_everything_pass():
    gate = KeyframeGate()
    assert all(gate.passes(room(9), float(second), 0.0) for second in range(3))


def test_a_jump_back_in_time_forgets():
    gate = KeyframeGate()
    assert gate.passes(room(9), 100.0, 0.02)
    assert not gate.passes(room(9), 99.5, 0.02)  # a little disorder is no jump
    assert gate.passes(room(9), 3.0, 0.02)
