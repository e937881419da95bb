# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from copy import deepcopy

import pytest
import torch
from transformers import AutoModelForCausalLM

from mmser_ros.captioner.config import ConfigError, LanguageConfig
from mmser_ros.captioner.model.language_model import build_language_model


@pytest.fixture(params=["opt", "llama"])
def config(tiny_languages, request):
    return tiny_languages[request.param]


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    model = build_language_model(config)
    with torch.no_grad():
        for weights in model.model.parameters():
            # so that attention makes a difference
            weights.copy_(0.1 * torch.randn_like(weights) if weights.ndim > 1 else weights)
    return model


def read(model, positions, mask=None):
    random = torch.manual_seed(1)
    return model(torch.randn(1, len(positions), 32, generator=random), positions[None], mask)


@torch.inference_mode()
def test_it_is_the_model_of_transformers(model, config, tmp_path):
    """Weights have the same names there and here, and the same logits come out."""
    whole = AutoModelForCausalLM.from_config(
        type(model.model.config)(**config.architecture), dtype=torch.float32
    )
    assert whole.state_dict().keys() == model.state_dict().keys()
    whole.load_state_dict(model.state_dict())
    whole.eval().save_pretrained(tmp_path)
    tokens = torch.tensor([[1, 5, 7, 9], [1, 8, 6, 2]])
    expected = whole(tokens).logits
    for weights in ("random", str(tmp_path)):
        again = build_language_model(LanguageConfig(weights, config.architecture, config.kind))
        again.load_state_dict(model.state_dict())
        logits = again.lm_head(again(again.embed(tokens), torch.arange(4).expand(2, 4)))
        torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-4)
        assert (again.width, again.vocabulary, again.begin, again.end) == (32, 300, 1, 2)
        assert again.tied
        assert again.lm_head.weight is again.embeddings


@torch.inference_mode()
@pytest.mark.parametrize("positions", [[0, 1, 2, 3, 4], [0, 2, 5, 6, 1], [0, 1, 2, 1, 2]])
def test_all_before_is_seen_in_whatever_order_it_stands(model, positions):
    places = torch.tensor(positions)
    causal = torch.ones(1, 1, 5, 5, dtype=torch.bool).tril()
    states = read(model, places)
    torch.testing.assert_close(states, read(model, places, causal), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(states, read(model, places.flip(0)), atol=0.01)


@torch.inference_mode()
def test_half_precision_leaves_positions_exact(model):
    halved = deepcopy(model).bfloat16()
    assert halved.embeddings.dtype == halved.lm_head.weight.dtype == torch.bfloat16
    assert halved.lm_head.weight is halved.embeddings
    halved.float().load_state_dict(model.state_dict())
    late = torch.arange(90, 120)
    assert torch.equal(read(halved, late), read(model, late))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="'parrot'; expected one of"):
        build_language_model(LanguageConfig("random", {}, "parrot"))
