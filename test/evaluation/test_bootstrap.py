# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.evaluation.bootstrap import Figure, difference


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)
    figure = Figure.mean(values)
    low, high = figure.interval()
    error = values.std() / 400**0.5
    assert figure.value == pytest.approx(values.mean())
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.1 * error
    )
    assert figure.interval() == (low, high)


def test_a_share_weighs_pictures_by_what_they_have():
    assert Figure.ratio([1, 0], [4, 0]).value == 0.25
    assert Figure.ratio([0, 0], [0, 0]).value == 0.0
    assert Figure.ratio([0, 0], [0, 0]).interval() == (0.0, 0.0)


def test_pictures_are_drawn_together():
    """Two captioners that differ by the same on every picture differ for sure."""
    values = np.random.default_rng(2).random(50)
    change = difference(Figure.mean(values), Figure.mean(values + 0.01))
    assert (change.value, change.low, change.high) == pytest.approx((0.01, 0.01, 0.01))


def test_figures_of_no_ratio_have_no_interval():
    assert Figure(0.4).interval() is None
    assert difference(Figure(0.4), Figure.mean([1, 2])) is None
    assert difference(Figure.mean([1, 2]), Figure(0.4)) is None


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_intervals_are_of_possible_values(pairs):
    figure = Figure.ratio([min(pair) for pair in pairs], [max(pair) for pair in pairs])
    low, high = figure.interval()
    assert 0 <= low <= high <= 1
    assert 0 <= figure.value <= 1
