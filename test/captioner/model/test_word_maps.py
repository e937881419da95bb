# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Regions of phrases come from the windows in which the word detector sees the word."""

from dataclasses import replace

import pytest
import torch

from mmser_ros.captioner.config import DomainConfig, WordsConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_maps import SIDE, WordMaps, spread, windows


@pytest.fixture(scope="module")
def specialist(tiny_config):
    """Its detector sees a "mug" and a "tv stand" where channel 0 and 1 of the first level are high.

    That of its domain knows cats only.
    """
    domain = DomainConfig("homes", ("cat",), 4)
    words = WordsConfig(("mug", "tv stand", "nothing"), 2, domain=domain)
    specialist = Specialist(replace(tiny_config, words=words)).eval()
    detector = specialist.word_detector
    with torch.no_grad():
        layer = detector.network[1]
        layer.weight.zero_()
        layer.bias.zero_()
        layer.weight[0, 0] = layer.weight[1, 1] = 1.0  # of the means
        detector.answer.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    return specialist


@torch.inference_mode()
def features(specialist, **cells):
    levels = [
        torch.zeros(1, grid**2, channels)
        for grid, channels in zip(specialist.vision.grids, specialist.vision.channels, strict=True)
    ]
    for channel, (row, column) in enumerate(cells.values()):
        levels[0][0, row * specialist.vision.grids[0] + column, channel] = 5.0
    return tuple(levels)


@torch.inference_mode()
def test_a_phrase_is_where_its_word_is_seen(specialist):
    maps = WordMaps(specialist, features(specialist, mug=(0, 0), stand=(5, 6)))
    mug = maps.of("the red mugs", "mug")
    assert mug.shape == (7, 7)
    assert mug.min() == 0.0
    assert mug.argmax() == 0
    assert divmod(int(maps.of("a wooden tv stand", "stand").argmax()), 7) in {(5, 6), (6, 6)}


@torch.inference_mode()
def test_other_words_have_no_map(specialist, tiny_config):
    levels = features(specialist)
    maps = WordMaps(specialist, levels)
    assert maps.of("a stand", "stand") is None
    assert maps.of("a dog", "dog") is None
    inside = WordMaps(specialist, levels, inside=True)
    assert inside.of("a mug", "mug") is None
    assert inside.of("a cat", "cat") is not None
    plain = Specialist(tiny_config)
    assert WordMaps(plain, levels).of("a mug", "mug") is None


def test_windows_cover_all_levels_alike():
    coarse, fine = torch.arange(9.0).reshape(1, 9, 1), torch.arange(36.0).reshape(1, 36, 1)
    found = windows((coarse, fine))
    assert [one.flatten().tolist() for one in found[3]] == [
        [4, 5, 7, 8],
        [14, 15, 16, 17, 20, 21, 22, 23, 26, 27, 28, 29, 32, 33, 34, 35],
    ]
    assert spread(torch.arange(4.0)[:, None])[:, :, 0].tolist() == [
        [0.0, 0.5, 1.0],
        [1.0, 1.5, 2.0],
        [2.0, 2.5, 3.0],
    ]
    assert SIDE == 2
