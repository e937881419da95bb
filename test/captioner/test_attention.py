# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.attention import Attention, read_attention, rollout, token_maps
from mmser_ros.captioner.model.attend import all_attend
from mmser_ros.captioner.quantization.formats import quantize
from mmser_ros.captioner.untrained import build_untrained

SAID, BEFORE = [7, 8, 9], [5, 6]


@pytest.fixture(params=["opt", "llama"])
def refining(refining_config, tiny_languages, request):
    torch.manual_seed(3)
    config = replace(refining_config, language=tiny_languages[request.param])
    return build_untrained(config)[0].eval()


@pytest.fixture
def refining_opt(refining_config):
    torch.manual_seed(3)
    return build_untrained(refining_config)[0].eval()


def encode(specialist, dtype=torch.float32):
    pixels = torch.arange(3 * 224 * 224).reshape(1, 3, 224, 224).remainder(251).byte()
    return specialist.encode(pixels, dtype)


@torch.inference_mode()
def test_the_attention_of_both_looks(refining):
    levels = encode(refining)
    glance = read_attention(refining, levels, SAID)
    second = read_attention(refining, levels, SAID, BEFORE)
    assert glance.connector is None
    assert glance.language.shape == (2, 49 + 1 + 3, 49 + 1 + 3)
    assert second.language.shape == (2, 49 + 2 + 1 + 3, 49 + 2 + 1 + 3)
    assert second.connector.shape == (1, 49 + 2, 49 + 2)
    for layers in (glance.language, second.language, second.connector):
        torch.testing.assert_close(layers.sum(-1), torch.ones(layers.shape[:2]))
    for layers in (glance.language, second.language):
        past = torch.ones(layers.shape).tril().bool()
        assert layers[~past].max() == 0  # nothing looks ahead
        assert layers[past].min() > 0  # and everything is seen from then on
    assert token_maps(second).shape == (3, 7, 7)


@torch.inference_mode()
def test_what_follows_a_token_does_not_change_where_it_was_seen(refining):
    levels = encode(refining)
    short, long = (read_attention(refining, levels, said) for said in (SAID[:2], SAID))
    torch.testing.assert_close(short.language, long.language[:, :-1, :-1])
    assert token_maps(read_attention(refining, levels, [], BEFORE)).shape == (0, 7, 7)
    assert token_maps(read_attention(refining, levels, SAID, [])).isfinite().all()


@torch.inference_mode()
def test_the_model_is_left_as_it_was(refining):
    levels = encode(refining)
    before = refining.refine(levels, torch.tensor([BEFORE]))
    with pytest.raises(IndexError):
        read_attention(refining, levels, [10_000], BEFORE)  # no such token
    read_attention(refining, levels, SAID, BEFORE)
    assert not any(one.eager or one.weights is not None for one in all_attend(refining))
    torch.testing.assert_close(refining.refine(levels, torch.tensor([BEFORE])), before)


@pytest.mark.parametrize("mode", ["int8", "bf16"])
@torch.inference_mode()
def test_quantized_models_look_where_others_do(refining, mode):
    expected = read_attention(refining, encode(refining), SAID, BEFORE)
    dtype = quantize(refining, mode, "cpu")
    got = read_attention(refining, encode(refining, dtype), SAID, BEFORE)
    torch.testing.assert_close(got.language, expected.language, atol=0.02, rtol=0.1)
    torch.testing.assert_close(got.connector, expected.connector, atol=0.02, rtol=0.1)


@torch.inference_mode()
def test_a_token_was_seen_where_the_word_before_it_looked(refining_opt, monkeypatch):
    """With keys that are what stands there, and queries that look for what they are."""
    one = torch.tensor([1.0, -1.0]).repeat(16)
    other = torch.tensor([1.0, 1.0, -1.0, -1.0]).repeat(8)
    decoder = refining_opt.language_model.model.decoder
    for layer in decoder.layers:
        for projection, scale in ((layer.self_attn.q_proj, 4.0), (layer.self_attn.k_proj, 1.0)):
            projection.weight.copy_(scale * torch.eye(32))
            projection.bias.zero_()
    visual = torch.zeros(1, 49, 32)
    visual[0, 11], visual[0, 40] = 50 * one, 50 * other
    monkeypatch.setattr(refining_opt, "glance", lambda levels: visual)
    decoder.embed_tokens.weight[refining_opt.begin] = 50 * one
    decoder.embed_tokens.weight[SAID[0]] = 50 * other
    maps = token_maps(read_attention(refining_opt, encode(refining_opt), SAID[:2]))
    assert maps.flatten(1).argmax(1).tolist() == [11, 40]
    assert maps.flatten(1).max(1).values.min() > 0.5


@pytest.mark.parametrize("glance", [True, False])
def test_a_second_look_is_followed_through_the_connector(glance):
    """The visual tokens 0 and 1 are made of the cells 3 and 2."""
    language = torch.zeros(1, 7, 7)  # 4 visual tokens, the beginning, 2 words
    language[0, 4, 0] = language[0, 5, 1] = 1
    connector = torch.eye(5)[[3, 2, 2, 3, 4]][None]
    there = token_maps(Attention(language, connector, 4, 2, glance)).flatten(1)
    stays, goes = (0.75, 0.25) if glance else (0.5, 0.5)  # rollout's residual is a half, too
    np.testing.assert_allclose(there, [[stays, 0, 0, goes], [0, stays, goes, 0]])
    here = token_maps(Attention(language, None, 4, 2, False)).flatten(1)
    np.testing.assert_allclose(here, [[1, 0, 0, 0], [0, 1, 0, 0]])


def test_rollout_follows_attention_through_layers():
    turn = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(rollout(torch.stack([turn])), [[0.5, 0.5], [0.5, 0.5]])
    look = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    np.testing.assert_allclose(rollout(torch.stack([look, look])), [[0.25, 0.75], [0, 1]])
