# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np

from mmser_ros.nodes.caption.keyframes import KeyframeGate


def room(shade):
    return np.full((48, 64, 3), shade, np.uint8)


def keeps(gate, picture, stamp, threshold=0.02):
    passed = gate.passes(picture, stamp, threshold)
    if passed:
        gate.keep()
    return passed


def test_only_what_differs_passes():
    gate = KeyframeGate()
    assert keeps(gate, room(100), 1.0)
    assert not keeps(gate, room(100), 2.0)
    assert not keeps(gate, room(104), 3.0)  # 4/255 = 0.016
    assert not keeps(gate, room(104), 4.0)
    assert keeps(gate, room(107), 5.0)  # against the last that was kept: 7/255 = 0.027


def test_what_was_not_kept_may_pass_again():
    gate = KeyframeGate()
    assert gate.passes(room(100), 1.0, 0.02)
    assert keeps(gate, room(100), 2.0)
    assert not keeps(gate, room(100), 3.0)


def test_slow_change_adds_up():
    gate = KeyframeGate()
    passed = [keeps(gate, room(shade), float(shade)) for shade in range(60)]
    assert 5 <= sum(passed) <= 12


def test_zero_lets_everything_pass():
    gate = KeyframeGate()
    assert all(keeps(gate, room(9), float(second), 0.0) for second in range(3))


def test_a_jump_back_in_time_forgets():
    gate = KeyframeGate()
    assert keeps(gate, room(9), 100.0)
    assert not keeps(gate, room(9), 99.5)  # a little disorder is no jump
    assert keeps(gate, room(9), 3.0)
