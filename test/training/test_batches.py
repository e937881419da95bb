# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import torch

from mmser_ros.captioner.decoding.prompt import Prompt
from mmser_ros.training.batches import draw_visual_tokens, drop_channels, keep_visual_tokens


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


def test_visual_tokens_are_left_out_and_the_others_stay_where_they_are():
    torch.manual_seed(0)
    looks = draw_visual_tokens(3, 10, 0.4)
    assert looks.shape == (3, 4)
    assert (looks.diff(dim=1) > 0).all()
    assert len({tuple(row) for row in looks.tolist()}) > 1
    assert draw_visual_tokens(1, 10, 0.01).shape == (1, 1)

    positions = torch.arange(13).expand(3, 13)
    mask = torch.ones(3, 13, dtype=torch.bool)
    mask[1, 12] = False
    seen = keep_visual_tokens(Prompt(positions[:, :, None].float(), positions, mask), 10, looks)
    expected = torch.cat([looks, positions[:, 10:]], dim=1)
    assert (seen.positions == expected).all()
    assert (seen.embeddings[:, :, 0] == expected).all()
    assert seen.mask is not None
    assert (~seen.mask).nonzero().tolist() == [[1, 6]]
