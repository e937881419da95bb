# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Crops that the words of a caption point to, with the word detector of the shipped model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmser_ros.captioner.crops import LEAST, CropFinder, choose
from mmser_ros.captioner.model.vision import crops
from test.photographs import cat_and_cup

TOP_LEFT, BOTTOM_RIGHT = 0, 3
"""Numbers of crops."""


@pytest.fixture(scope="module")
def finder():
    return CropFinder(1)


@pytest.mark.parametrize(
    ("caption", "number"), [("a cat", TOP_LEFT), ("Two CUPS of coffee on a table.", BOTTOM_RIGHT)]
)
def test_words_point_to_the_corner_that_shows_them(finder, caption, number):
    image = cat_and_cup()
    ((crop,),) = finder.find([image], [caption])
    assert np.array_equal(crop, crops(image)[number])


def test_each_image_has_crops_of_its_own(finder):
    image = cat_and_cup()
    found = finder.find([image, image[::-1, ::-1], image], ["a cat", "a cat", "a thingummy"])
    assert [len(one) for one in found] == [1, 1, 0]
    assert np.array_equal(found[1][0], crops(image[::-1, ::-1])[BOTTOM_RIGHT])


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 700)])
def test_images_of_any_size(finder, size):
    (found,) = finder.find([np.full((*size, 3), 90, np.uint8)], ["a cat"])
    assert len(found) <= 1


def test_no_crops_need_no_model(monkeypatch):
    monkeypatch.setattr("mmser_ros.captioner.crops.load_checkpoint", None)
    finder = CropFinder(0)
    finder.load()
    assert finder.find([cat_and_cup()], ["a cat"]) == [[]]


def test_crops_together_show_all_words():
    shown = np.array([[0.9, 0.0], [0.8, 0.1], [0.0, 0.7]])
    assert choose(shown, 5) == [0, 2]  # crop 1 adds nothing
    assert choose(shown, 1) == [0]
    assert choose(shown, 0) == []
    assert choose(np.zeros((3, 2)), 5) == []


@settings(deadline=None, derandomize=True, database=None)
@given(arrays(float, (5, 4), elements=st.floats(0.0, 1.0)), st.integers(0, 5))
def test_every_crop_adds_something(shown, most):
    chosen = choose(shown, most)
    assert len(chosen) == len(set(chosen)) <= most
    best = 0.0
    for count in range(1, len(chosen) + 1):
        sums = shown[chosen[:count]].max(axis=0).sum()
        assert sums >= best + LEAST - 1e-9
        best = sums
