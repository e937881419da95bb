# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import torch

from mmser_ros.training.pictures import drop_channels


def test_a_pictures_tokens_lose_the_same_channels():
    torch.manual_seed(0)
    levels = (torch.ones(3, 4, 1000), torch.ones(3, 16, 50))
    for seen, level in zip(drop_channels(levels, 0.7), levels, strict=True):
        assert seen.shape == level.shape
        torch.testing.assert_close(seen.unique(), torch.tensor([0.0, 1 / 0.7]))
        assert (seen == seen[:, :1]).all()
        assert not (seen[0] == seen[1]).all()
    kept = (drop_channels(levels, 0.7)[0] > 0).float().mean()
    assert 0.65 < kept < 0.75
    assert (drop_channels(levels, 1.0)[0] == levels[0]).all()
