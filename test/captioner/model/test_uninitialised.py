# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from mmser_ros.captioner.model.language_model import build_language_model
from mmser_ros.captioner.model.uninitialised import Uninitialised


@pytest.mark.parametrize("kind", ["opt", "llama"])
def test_nothing_is_drawn_for_weights_that_will_be_loaded(tiny_languages, kind):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with Uninitialised():
        model = build_language_model(tiny_languages[kind])
        torch.nn.Linear(3, 4)
    assert torch.equal(torch.get_rng_state(), before)
    drawn = build_language_model(tiny_languages[kind])
    assert not torch.equal(torch.get_rng_state(), before)
    model.load_state_dict(drawn.state_dict())
    tokens = torch.tensor([[1, 5, 7]])
    states = (one(one.embed(tokens), torch.arange(3)[None]) for one in (model, drawn))
    torch.testing.assert_close(*states)
