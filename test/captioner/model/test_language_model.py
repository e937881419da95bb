# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from copy import deepcopy

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from mmser_ros.captioner.config import ConfigError, LanguageConfig
from mmser_ros.captioner.decoding.greedy import greedy
from mmser_ros.captioner.decoding.prompt import Prompt
from mmser_ros.captioner.model.language_model import build_language_model
from mmser_ros.evaluation.bench.plain import generate, reference_language


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
    architecture = AutoConfig.for_model(config.kind, **config.architecture)
    whole = AutoModelForCausalLM.from_config(architecture, dtype=torch.float32)
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


@torch.inference_mode()
@pytest.mark.parametrize("longest", [1, 12])
def test_greedy_captions_are_those_of_transformers_token_for_token(model, longest):
    """Also those of a refinement, whose draft is verified."""
    whole = reference_language(model)
    said = set()
    for seed in range(8):
        random = torch.manual_seed(seed)
        prompt = torch.randn(1, 9, 32, generator=random)
        expected = generate(whole, prompt, longest)
        said.add(tuple(expected))
        places = torch.arange(9)[None]
        for draft in (None, expected, [*expected[:4], 5, 6, 7]):
            (one,) = greedy(model, Prompt(prompt, places), -1, longest, draft)
            assert one.tokens == expected
    assert len(said) > 1


@pytest.mark.parametrize(
    ("kind", "entry", "value"),
    [
        ("opt", "do_layer_norm_before", False),
        ("opt", "feathers", 2),
        ("llama", "attention_bias", True),
        ("llama", "rope_parameters", {"rope_type": "yarn"}),
        ("llama", "num_attention_heads", 3),
    ],
)
def test_variants_that_are_not_supported_are_named(tiny_languages, kind, entry, value):
    architecture = {**tiny_languages[kind].architecture, entry: value}
    with pytest.raises(ConfigError, match=f"{entry}.*expected"):
        build_language_model(LanguageConfig("random", architecture, kind))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="'parrot'; expected one of"):
        build_language_model(LanguageConfig("random", {}, "parrot"))
