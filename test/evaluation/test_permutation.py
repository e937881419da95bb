# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from scipy.stats import ttest_rel

from mmser_ros.evaluation.permutation import paired_test


def test_all_of_six_pairs_rise():
    found = paired_test([0.0] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert found == {"value": pytest.approx(0.35), "p": pytest.approx(2 / 64), "n": 6}


def test_nothing_changes():
    assert paired_test([0.5, 0.4], [0.5, 0.4])["p"] == 1.0
    assert paired_test([0.5], [0.9])["p"] == 1.0


def test_it_is_the_same_in_both_directions_and_each_time():
    random = np.random.default_rng(1)
    a, b = random.normal(0, 1, 40).tolist(), random.normal(0.3, 1, 40).tolist()
    one, other = paired_test(a, b), paired_test(b, a)
    assert one == paired_test(a, b)
    assert one["value"] == -other["value"]
    assert one["p"] == pytest.approx(other["p"], abs=0.02)
    assert one["p"] == pytest.approx(ttest_rel(a, b).pvalue, abs=0.03)


def test_pairs_without_a_value_are_left_out():
    assert paired_test([math.nan, 0.1, 0.2], [1.0, 0.1, 0.2])["n"] == 2
    assert paired_test([math.nan], [1.0])["n"] == 0
