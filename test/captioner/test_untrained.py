# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The paper's size: builds offline, and takes weights from folders as from the hub."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.checks import CaptionerError
from mmser_ros.captioner.config import LanguageConfig, VisionConfig
from mmser_ros.captioner.untrained import build_untrained, random_weights, read_architecture


def test_the_specialist_has_the_papers_size_and_captions():
    specialist, tokenizer = build_untrained(random_weights(read_architecture("specialist")))
    vision = sum(one.numel() for one in specialist.vision.parameters())
    language = sum(one.numel() for one in specialist.language_model.parameters())
    assert 300e6 < vision < 310e6  # CLIP ViT-L/14-336
    assert 125e6 < language < 126e6  # OPT-125M
    connector = sum(one.numel() for one in specialist.ser_connector.parameters())
    assert 45e6 < connector < 55e6  # "about 50 M"
    assert specialist.vision.config.levels == (23, 18, 13)
    assert specialist.visual_tokens == 576
    specialist.config = replace(specialist.config, max_caption_tokens=2)
    captioner = Captioner(specialist, tokenizer, device="cpu")
    assert captioner.caption(np.zeros((60, 80, 3), np.uint8), passes=2).refined


def test_specialist_has_no_checkpoint_yet():
    with pytest.raises(CaptionerError, match="no model 'specialist'"):
        Captioner.load("specialist")


def test_weights_come_from_their_sources(tmp_path, tiny_config):
    """Folders in the hub's format stand for the hub, which the same calls would ask."""
    from transformers import (
        CLIPVisionConfig,
        CLIPVisionModel,
        OPTConfig,
        OPTForCausalLM,
        PreTrainedTokenizerFast,
    )

    clip = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=3,
            num_attention_heads=2,
            image_size=28,
            patch_size=14,
        )
    )
    clip.save_pretrained(tmp_path / "clip")
    opt = OPTForCausalLM(OPTConfig(**tiny_config.language.architecture))
    opt.save_pretrained(tmp_path / "opt")
    words = build_untrained(tiny_config)[1]
    PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(tmp_path / "opt")
    config = replace(
        tiny_config,
        vision=VisionConfig("clip", str(tmp_path / "clip"), 28, (2,)),
        language=LanguageConfig(str(tmp_path / "opt")),
    )
    specialist, tokenizer = build_untrained(config)
    assert tokenizer.encode("a dog").ids == words.encode("a dog").ids
    for mine, theirs in ((specialist.vision.model, clip), (specialist.language_model, opt)):
        known = theirs.state_dict()
        for name, value in mine.state_dict().items():
            torch.testing.assert_close(value, known[name])
    assert specialist.vision.config.weights == str(tmp_path / "clip")
