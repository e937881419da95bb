# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import itertools
import math
from dataclasses import replace

import pytest
import torch

from mmser_ros.captioner.config import LanguageConfig
from mmser_ros.captioner.decoding.beam_search import beam_search
from mmser_ros.captioner.decoding.greedy import Decoded, decode_one, greedy, prefill
from mmser_ros.captioner.decoding.prompt import Prompt, pad
from mmser_ros.captioner.model.language_model import build_language_model

END, LONGEST = 2, 4


COMMON = {
    "vocab_size": 6,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": END,
}
KINDS = {
    "opt": {"ffn_dim": 32, "word_embed_proj_dim": 16, "init_std": 1.0},
    "llama": {"intermediate_size": 32, "num_key_value_heads": 1, "initializer_range": 1.0},
}


@pytest.fixture(scope="module", params=KINDS)
def model(request):
    torch.manual_seed(1)
    architecture = {**COMMON, **KINDS[request.param]}
    return build_language_model(LanguageConfig("random", architecture, request.param))


def as_prompt(embeddings):
    batch, tokens = embeddings.shape[:2]
    return Prompt(embeddings, torch.arange(tokens).expand(batch, tokens))


def prompts(count):
    return as_prompt(torch.randn(count, 5, 16, generator=torch.manual_seed(5)))


def singles(count):
    return map(prompts(count).row, range(count))


def weighed(count):
    """Prompts of two views each, with every bias; `position_bias` for three tokens."""
    random = torch.manual_seed(6)
    views = as_prompt(torch.randn(2 * count, 5, 16, generator=random))
    logit_bias = 2 * torch.randn(count, 6, generator=random)
    position_bias = 2 * torch.randn(count, 3, 6, generator=random)
    return replace(
        views,
        views=2,
        logit_bias=logit_bias,
        position_bias=position_bias,
        temperature=1.5,
    )


def log_probability(model, prompt, tokens):
    """Of a whole continuation, without a cache: the slow and sure way."""
    embeds = torch.cat([prompt.embeddings, model.embed(torch.tensor([tokens]))], dim=1)
    states = model(embeds, torch.arange(embeds.shape[1])[None])
    scores = model.lm_head(states).log_softmax(-1)[0, prompt.embeddings.shape[1] - 1 :]
    return [scores[place, token].item() for place, token in enumerate(tokens)]


@torch.inference_mode()
def test_the_cache_changes_nothing(model):
    prompt = prompts(1)
    _, state = prefill(model, prompt, LONGEST)
    stepwise = decode_one(model, torch.tensor([3]), state).log_softmax(-1)
    word = model.embed(torch.tensor([[3]]))
    logits, _ = prefill(model, as_prompt(torch.cat([prompt.embeddings, word], dim=1)), LONGEST)
    torch.testing.assert_close(stepwise, logits.log_softmax(-1), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_greedy_takes_the_likeliest_token_each_time(model):
    for prompt in singles(5):
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
def test_views_are_averaged_and_biases_count_where_they_should(model):
    """Against each view alone, without a cache."""
    for prompt in map(weighed(5).row, range(5)):
        decoded = greedy(model, prompt, END, LONGEST)[0]
        ended = len(decoded.log_probabilities) > len(decoded.tokens)
        said = [*decoded.tokens, *([END] if ended else [])]
        views = [as_prompt(one[None]) for one in prompt.embeddings]
        for place, token in enumerate(said):
            rivals = [[*said[:place], rival] for rival in range(6)]
            each = [[log_probability(model, one, rival)[-1] for rival in rivals] for one in views]
            scores = torch.tensor(each).mean(0)
            logit_bias = prompt.logit_bias[0].clone()
            logit_bias[said[:place]] = 0.0
            if place < 3:
                logit_bias += prompt.position_bias[0, place]
            scores = ((scores + logit_bias) / 1.5).log_softmax(-1)
            assert scores.argmax() == token
            assert decoded.log_probabilities[place] == pytest.approx(scores[token], abs=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize("make", [prompts, weighed])
def test_a_batch_decodes_as_its_rows_do(model, make):
    batch = make(6)
    together = greedy(model, batch, END, LONGEST)
    alone = [greedy(model, prompt, END, LONGEST)[0] for prompt in map(batch.row, range(6))]
    assert [one.tokens for one in together] == [one.tokens for one in alone]


@torch.inference_mode()
def test_padding_in_the_middle_changes_nothing(model):
    """Prompts of several lengths, padded before their last token, against each alone."""
    last = prompts(4).embeddings[:, -1:]
    contexts = [prompts(4).embeddings[row, :length] for row, length in enumerate((4, 1, 3, 2))]
    lengths, mask = pad([[1] * len(context) for context in contexts])
    padded = torch.nn.utils.rnn.pad_sequence(contexts, batch_first=True, padding_value=7.0)
    position_bias = torch.arange(4).expand(4, 4)
    prompt = Prompt(
        torch.cat([padded, last], dim=1),
        torch.cat([position_bias, lengths.sum(1, keepdim=True)], dim=1),
        torch.nn.functional.pad(mask, (0, 1), value=True),
    )
    together = greedy(model, prompt, END, LONGEST)
    for row, context in enumerate(contexts):
        alone = as_prompt(torch.cat([context, last[row]])[None])
        (expected,) = greedy(model, alone, END, LONGEST)
        assert together[row].tokens == expected.tokens
        assert together[row].log_probabilities == pytest.approx(
            expected.log_probabilities, abs=1e-5
        )
        assert prompt.row(row).embeddings.equal(alone.embeddings)
        assert prompt.row(row).positions.equal(alone.positions)


@torch.inference_mode()
@pytest.mark.parametrize("longest", [1, 3, 12])
@pytest.mark.parametrize("make", [prompts, weighed])
def test_a_draft_changes_nothing_but_the_time(model, longest, make):
    for prompt in map(make(8).row, range(8)):
        (expected,) = greedy(model, prompt, END, longest)
        said = expected.tokens
        drafts = [said, said[:-1], [*said, 3], [3, *said], [*said[:1], 5, *said[2:]], [4] * 20]
        for draft in drafts:
            (decoded,) = greedy(model, prompt, END, longest, draft)
            assert decoded.tokens == said
            assert decoded.log_probabilities == pytest.approx(expected.log_probabilities, abs=1e-5)


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
@pytest.mark.parametrize("make", [prompts, weighed])
def test_one_beam_is_greedy(model, make):
    for prompt in map(make(5).row, range(5)):
        found = beam_search(model, prompt, END, LONGEST, 1)
        (expected,) = greedy(model, prompt, END, LONGEST)
        assert found.tokens == expected.tokens
        assert found.log_probabilities == pytest.approx(expected.log_probabilities, abs=1e-5)


def test_confidence_is_the_geometric_mean():
    decoded = Decoded([7, 8], [math.log(0.9), math.log(0.4), math.log(0.6)])
    assert decoded.confidence == pytest.approx((0.9 * 0.4 * 0.6) ** (1 / 3))
    assert Decoded([], []).confidence == 0.0
