# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import itertools
import math

import pytest
import torch

from mmser_ros.captioner.config import LanguageConfig
from mmser_ros.captioner.decoding import Decoded, beam_search, decode_one, greedy, prefill
from mmser_ros.captioner.language_model import build_language_model

END, LONGEST = 2, 4


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    architecture = {
        "vocab_size": 6,
        "hidden_size": 16,
        "ffn_dim": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "word_embed_proj_dim": 16,
        "max_position_embeddings": 64,
        "init_std": 1.0,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": END,
    }
    return build_language_model(LanguageConfig("random", architecture))


def prompts(count):
    return torch.randn(count, 5, 16, generator=torch.manual_seed(5))


def log_probability(model, prompt, tokens):
    """Of a whole continuation, without a cache: the slow and sure way."""
    embeds = torch.cat([prompt, model.get_input_embeddings()(torch.tensor([tokens]))], dim=1)
    states = model.model.decoder(inputs_embeds=embeds).last_hidden_state
    scores = model.lm_head(states).log_softmax(-1)[0, prompt.shape[1] - 1 :]
    return [scores[place, token].item() for place, token in enumerate(tokens)]


@torch.inference_mode()
def test_the_cache_changes_nothing(model):
    prompt = prompts(1)
    _, cache = prefill(model, prompt)
    stepwise = decode_one(model, torch.tensor([3]), cache).log_softmax(-1)
    whole = torch.cat([prompt, model.get_input_embeddings()(torch.tensor([[3]]))], dim=1)
    logits, _ = prefill(model, whole)
    torch.testing.assert_close(stepwise, logits.log_softmax(-1), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_greedy_takes_the_likeliest_token_each_time(model):
    for prompt in prompts(5).split(1):
        decoded = greedy(model, prompt, END, LONGEST)[0]
        tokens = decoded.tokens + (
            [END] if len(decoded.log_probabilities) > len(decoded.tokens) else []
        )
        assert decoded.log_probabilities == pytest.approx(
            log_probability(model, prompt, tokens), abs=1e-4
        )
        for place, token in enumerate(tokens):
            rivals = [
                log_probability(model, prompt, [*tokens[:place], rival])[-1] for rival in range(6)
            ]
            assert rivals.index(max(rivals)) == token


@torch.inference_mode()
def test_a_batch_decodes_as_its_rows_do(model):
    batch = prompts(6)
    together = greedy(model, batch, END, LONGEST)
    alone = [greedy(model, prompt, END, LONGEST)[0] for prompt in batch.split(1)]
    assert [one.tokens for one in together] == [one.tokens for one in alone]


@torch.inference_mode()
def test_a_wide_beam_finds_the_best_caption_there_is(model):
    """Against all captions of up to three tokens, by the mean log probability."""
    prompt = prompts(1)
    every = [
        [*words, END]
        for length in range(3)
        for words in itertools.product([0, 1, 3, 4, 5], repeat=length)
    ]
    best = max(
        every,
        key=lambda tokens: sum(log_probability(model, prompt, tokens)) / len(tokens),
    )
    found = beam_search(model, prompt, END, 3, beams=40)
    assert [*found.tokens, END] == best


@torch.inference_mode()
def test_one_beam_is_greedy(model):
    for prompt in prompts(5).split(1):
        assert beam_search(model, prompt, END, LONGEST, 1).tokens == (
            greedy(model, prompt, END, LONGEST)[0].tokens
        )


def test_confidence_is_the_geometric_mean():
    decoded = Decoded([7, 8], [math.log(0.9), math.log(0.4), math.log(0.6)])
    assert decoded.confidence == pytest.approx((0.9 * 0.4 * 0.6) ** (1 / 3))
    assert Decoded([], []).confidence == 0.0
