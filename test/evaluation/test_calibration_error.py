# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mmser_ros.evaluation.calibration_error import BINS, Reliability, reliability_diagram


def drawn(count, power=1.0):
    """Confidences, and truths that come true as often as the power of them says."""
    random = np.random.default_rng(5)
    confidences = random.random(count)
    return Reliability(confidences, random.random(count) < confidences**power)


def test_the_error_is_how_far_bins_are_from_the_diagonal():
    right = np.array([False] * 28 + [True] * 32)
    assert Reliability(np.full(60, 0.5), right).error() == pytest.approx(0.5)
    assert Reliability(right.astype(float), right).error() == 0.0
    assert Reliability(1.0 - right, right).error() == 1.0
    half = Reliability(np.repeat([0.9, 0.2], [32, 28]), np.tile([True, True, False, False], 15))
    assert half.error() == pytest.approx((32 * 0.4 + 28 * 0.3) / 60)


def test_bins_hold_equally_many():
    bins = drawn(100).bins()
    assert len(bins) == BINS
    assert {count for _, _, count in bins} == {6, 7}
    assert bins == sorted(bins)
    assert len(drawn(4).bins()) == 4


def test_true_confidences_err_by_chance_alone():
    true, false = drawn(3000), drawn(3000, power=3.0)
    assert true.error() == pytest.approx(true.least_error(), abs=0.01)
    assert false.error() > 3 * false.least_error()
    assert drawn(100).least_error() > 2 * true.least_error()


def test_scores():
    scores = Reliability(np.array([0.9, 0.8, 0.3]), np.array([True, False, False])).scores()
    assert scores["Brier"] == pytest.approx((0.01 + 0.64 + 0.09) / 3)
    assert scores["Brier of a constant"] == pytest.approx(2 / 9)
    assert scores["AUROC"] == 1.0
    assert scores["ECE"] == pytest.approx((0.1 + 0.8 + 0.3) / 3)
    assert "AUROC" not in Reliability(np.array([0.9, 0.8]), np.array([True, True])).scores()


def test_the_diagram_draws_each_curve():
    one = {"before": drawn(200, power=3.0), "after": drawn(200)}
    single = reliability_diagram({"passes 1": one})
    double = reliability_diagram({"passes 1": one, "passes 2": one})
    assert double.shape == (single.shape[0], 2 * single.shape[1], 3)
    np.testing.assert_array_equal(double[:, : single.shape[1]], single)
    lone = reliability_diagram({"passes 1": {"before": one["before"]}})
    assert (lone != single).any()
