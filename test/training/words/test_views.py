# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mmser_ros.captioner.model.vision import crops, fit_square
from mmser_ros.training.words.blank_images import KINDS, blank_picture, dimmed
from mmser_ros.training.words.folds import folds_of
from mmser_ros.training.words.views import (
    CROPS,
    JITTERED,
    TRAIN_VIEWS,
    VIEWS,
    is_mirrored,
    square_view,
)


def test_views_are_those_that_the_robot_sees_and_jittered_ones(tiny_config, picture):
    vision = tiny_config.vision
    views = [square_view(vision, picture, view, 3) for view in range(VIEWS)]
    assert {one.shape for one in views} == {(224, 224, 3)}
    assert {one.dtype for one in views} == {np.dtype(np.uint8)}
    np.testing.assert_array_equal(views[0], fit_square(picture, 224, "squash"))
    for view, crop in zip(CROPS, crops(picture), strict=True):
        np.testing.assert_array_equal(views[view], fit_square(crop, 224, "squash"))
    again = square_view(vision, picture, JITTERED[0], 3)
    np.testing.assert_array_equal(again, views[JITTERED[0]])
    assert not np.array_equal(again, square_view(vision, picture, JITTERED[0], 4))


def test_a_mirrored_view_is_known_without_its_picture(tiny_config):
    """Pictures that are lighter on the right, whatever part is seen."""
    image = np.broadcast_to(np.arange(60)[None, :, None] * 4, (60, 60, 3)).astype(np.uint8)
    for number in range(10):
        for view in TRAIN_VIEWS:
            square = square_view(tiny_config.vision, image, view, number)
            mirrored = square[:, 0].mean() > square[:, -1].mean()
            assert mirrored == is_mirrored(view, number)


def test_tiny_pictures_have_views(tiny_config):
    for view in range(VIEWS):
        square = square_view(tiny_config.vision, np.zeros((1, 2, 3), np.uint8), view, 0)
        assert square.shape == (224, 224, 3)


def test_pictures_without_content_are_of_many_kinds_and_the_same_each_time():
    pictures = [blank_picture(number) for number in range(2 * len(KINDS))]
    assert {one.shape for one in pictures} == {(224, 224, 3)}
    np.testing.assert_array_equal(pictures[3], blank_picture(3))
    assert not np.array_equal(pictures[1], pictures[1 + len(KINDS)])
    means = [one.mean() for one in pictures]
    assert min(means) < 12
    assert max(means) > 240
    assert max(one.std() for one in pictures) > 60
    assert min(one.std() for one in pictures) == 0


@pytest.mark.parametrize("number", range(6))
def test_dim_pictures_are_darker_or_blurred_and_not_black(picture, number):
    dim = dimmed(picture, number)
    assert dim.shape == picture.shape
    assert dim.std() > 2
    assert dim.mean() < 0.6 * picture.mean() or (number % 3 == 1 and dim.std() <= picture.std())


def test_folds_are_even_and_by_runs_of_films():
    names = [f"{number}.png" for number in range(200)]
    folds = folds_of("flickr8k", names, 4)
    assert np.bincount(folds).tolist() == [50] * 4
    np.testing.assert_array_equal(folds, folds_of("flickr8k", names, 4))
    runs = folds_of("nyuv2", sorted(names), 4)
    by_name = dict(zip(sorted(names), runs.tolist(), strict=True))
    assert [by_name[one] for one in names] == [n // 20 % 4 for n in range(200)]
