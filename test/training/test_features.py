# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import torch

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.vision import fit_square
from mmser_ros.data.datasets import Flickr8k
from mmser_ros.training.features import cache_features, features_of, mirrored_views, view
from test.training.conftest import write_split


def watch(items, _description, total):
    watch.totals.append(total)
    yield from items


def test_features_are_those_of_the_tower_and_computed_once(tiny_config, flickr, tmp_path):
    watch.totals = []
    specialist, data = Specialist(tiny_config), Flickr8k(flickr, "dev")
    levels = cache_features(specialist, data, tmp_path / "cache", 3, watch)
    assert [level.shape for level in levels] == [(3, 4, 49, 1280), (3, 4, 196, 112)]
    image = dict(data.pictures())["2.png"]
    square = torch.tensor(fit_square(image, 224, "squash")).permute(2, 0, 1)[None]
    for level, expected in zip(levels, specialist.encode(square), strict=True):
        np.testing.assert_allclose(level[0, 2], expected[0].numpy(), rtol=2e-3, atol=2e-2)
    again = cache_features(specialist, data, tmp_path / "cache", 3, watch)
    assert watch.totals == [4, 0]
    np.testing.assert_array_equal(again[0], levels[0])


def test_an_interrupted_cache_goes_on(tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr("mmser_ros.training.features.CHUNK", 2)
    write_split(tmp_path, "dev", 5)
    specialist, data = Specialist(tiny_config), Flickr8k(tmp_path, "dev")

    def stop(items, _description, _total):
        for number, item in enumerate(items):
            if number == 3:
                return
            yield item

    cache_features(specialist, data, tmp_path / "cache", 1, stop)
    watch.totals = []
    resumed = cache_features(specialist, data, tmp_path / "cache", 1, watch)
    assert watch.totals == [3]
    whole = cache_features(specialist, data, tmp_path / "other", 1, watch)
    np.testing.assert_array_equal(resumed[0], whole[0])


def test_fresh_features_are_those_of_a_cache(tiny_config, flickr, tmp_path):
    specialist, data = Specialist(tiny_config), Flickr8k(flickr, "dev")
    plain = lambda items, *_: items  # noqa: E731
    cached = features_of(specialist, data, tmp_path / "cache", 3, plain)
    fresh = features_of(specialist, data, None, 3, plain)
    for one, other in zip(cached([0, 2, 1], [3, 1, 0]), fresh([0, 2, 1], [3, 1, 0]), strict=True):
        assert one.dtype == other.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=2e-3, atol=2e-2)


def test_views(picture):
    assert view(picture, 0, 5)[1] is False
    np.testing.assert_array_equal(view(picture, 1, 5)[0], picture[:, ::-1])
    crop, _ = view(picture, 2, 5)
    assert crop.shape < picture.shape
    np.testing.assert_array_equal(crop, view(picture, 2, 5)[0])
    mirrored = mirrored_views(4, 50)
    assert not mirrored[0].any()
    assert mirrored[1].all()
    assert 0 < mirrored[2:].mean() < 1
