# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from transformers import BertConfig, BertModel, CLIPVisionConfig, CLIPVisionModel

from mmser_ros.captioner.config import ConfigError, VisionConfig
from mmser_ros.captioner.model.encoder import Bert, ClipVision
from mmser_ros.captioner.model.vision import build_tower

BERT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
BERT |= {"intermediate_size": 32, "initializer_range": 0.5}
CLIP = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3}
CLIP |= {"num_attention_heads": 2, "patch_size": 16}


@torch.inference_mode()
@pytest.mark.parametrize("padded", [False, True])
def test_bert_is_that_of_transformers(padded):
    torch.manual_seed(0)
    config = BertConfig(vocab_size=1, max_position_embeddings=9, **BERT)
    whole = BertModel(config, add_pooling_layer=False).eval()
    ours = Bert(BERT, 9).eval()
    ours.load_state_dict(whole.state_dict())
    states, types = torch.randn(2, 7, 16), torch.tensor([[0, 0, 0, 1, 1, 1, 1]] * 2)
    mask = torch.tensor([[True] * 7, [True] * 5 + [False] * 2]) if padded else None
    expected = whole(inputs_embeds=states, token_type_ids=types, attention_mask=mask)
    torch.testing.assert_close(ours(states, types, mask), expected.last_hidden_state)


@torch.inference_mode()
def test_clip_is_that_of_transformers(tmp_path):
    torch.manual_seed(0)
    whole = CLIPVisionModel(CLIPVisionConfig(image_size=64, **CLIP)).eval()
    whole.save_pretrained(tmp_path)
    pixels = torch.randn(2, 3, 64, 64)
    states = whole(pixels, output_hidden_states=True).hidden_states
    tower = build_tower(VisionConfig("clip", str(tmp_path), 64, (2, 1)))
    for level, number in zip(tower(pixels), (2, 1), strict=True):
        torch.testing.assert_close(level, states[number][:, 1:])


def test_entries_that_are_unknown_are_named():
    with pytest.raises(ConfigError, match=r"unknown entries \['wings'\] of BERT; expected some"):
        Bert({"wings": 2}, 9)
    with pytest.raises(ConfigError, match="hidden_act of CLIP is 'relu'; expected quick_gelu"):
        ClipVision({"hidden_act": "relu"}, 64)
