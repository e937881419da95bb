# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checkpoint import save_calibrated
from mmser_ros.captioner.confidence import (
    LEAST_SUPPORT,
    Calibration,
    feature_names,
    features,
    geometric_mean,
)
from mmser_ros.core.types import Caption

GLANCE = {"mean": 0.5, "lowest": 0.25, "length": -0.1}
REFINED = {**GLANCE, "first_mean": -0.5, "first_lowest": 0.1, "changed": -2.0}


def caption(text, *values, passes=1):
    return Caption(text, "", 0.5, passes > 1, "tiny", passes, log_probabilities=values)


def test_features_are_of_both_looks_and_of_what_changed():
    first = caption("a red cat sits", -1.0, -3.0)
    last = caption("a dog sits", -0.5, -0.1, -0.3, passes=2)
    assert features(first, first) == {"mean": -2.0, "lowest": -3.0, "length": 2.0}
    assert features(first, last) == pytest.approx(
        {
            "mean": -0.3,
            "lowest": -0.5,
            "length": 3.0,
            "first_mean": -2.0,
            "first_lowest": -3.0,
            "changed": 3 / 7,
        }
    )
    assert feature_names(1) == list(GLANCE)
    assert feature_names(2) == feature_names(5) == list(REFINED)


def test_a_calibration_is_a_logistic_model():
    one = caption("a cat", -1.0, -3.0)
    odds = 0.7 + 0.5 * -2.0 + 0.25 * -3.0 - 0.1 * 2
    expected = 1 / (1 + math.exp(-odds))
    assert Calibration(1, 0.7, GLANCE).confidence(one, one) == pytest.approx(expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_it_is_always_a_probability(intercept):
    one = caption("a cat", -1.0)
    assert 0.0 <= Calibration(1, intercept, GLANCE).confidence(one, one) <= 1.0


@pytest.mark.parametrize(("passes", "weights"), [(1, REFINED), (2, GLANCE), (1, {"mood": 1.0})])
def test_weights_of_other_features_are_refused(passes, weights):
    with pytest.raises(ValueError, match="expected"):
        Calibration(passes, 0.0, weights)


def test_a_calibrated_checkpoint_speaks_in_probabilities(refining_checkpoint, tmp_path, picture):
    calibrations = [Calibration(1, 0.7, GLANCE), Calibration(2, 0.2, REFINED)]
    save_calibrated(refining_checkpoint, tmp_path, calibrations)
    plain = looks(refining_checkpoint, picture)
    for before, after in zip(plain, looks(tmp_path, picture), strict=True):
        assert (after.text, after.log_probabilities) == (before.text, before.log_probabilities)
        assert before.confidence == geometric_mean(before.log_probabilities)
    glance, second, third = looks(tmp_path, picture)
    assert glance.confidence == calibrations[0].confidence(glance, glance)
    assert second.confidence == calibrations[1].confidence(glance, second)
    assert third.confidence == geometric_mean(third.log_probabilities)
    assert len({glance.confidence, geometric_mean(glance.log_probabilities)}) == 2


def test_a_caption_from_elsewhere_has_no_first_look_to_go_by(
    refining_checkpoint, tmp_path, picture
):
    save_calibrated(refining_checkpoint, tmp_path, [Calibration(2, 0.2, REFINED)])
    refined = Captioner.load(str(tmp_path)).caption(picture, initial="a dog")
    assert refined.confidence == geometric_mean(refined.log_probabilities)


def looks(folder, picture):
    captioner = Captioner.load(str(folder), device="cpu", quantize="none")
    return [one for (one,) in captioner.caption_passes([picture], passes=3)]


@pytest.mark.parametrize(
    ("support", "expected"),
    [
        ({"bed": 0.5, "bedroom": 0.8}, (math.log(0.5), 1.0, math.log(0.8))),
        ({"room": 0.5}, (0.0, 1.0, 0.0)),
        ({"bed": 0.5, "library": 0.1, "office": 0.2}, (math.log(0.5), 1.0, math.log(0.2))),
        ({"bed": 0.5, "lamp": 0.0}, (math.log(0.5 * LEAST_SUPPORT), 0.0, 0.0)),
        ({}, (0.0, 0.0, 0.0)),
    ],
)
def test_what_a_detector_thinks_of_a_caption_is_a_feature(support, expected):
    one = replace(caption("", -1.0), support=tuple(support.items()))
    found = features(one, one)
    assert [found[name] for name in ("objects", "room", "room_words")] == pytest.approx(expected)
    assert "room" not in features(caption("", -1.0), caption("", -1.0))
