# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.decoding.greedy import prefill
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.untrained import build_untrained
from mmser_ros.training.stages.policy_gradient import (
    PolicyGradient,
    Sampling,
    advantages,
    sample,
)


def test_the_baseline_of_a_sample_is_the_mean_of_the_others():
    np.testing.assert_allclose(advantages(np.array([4.0, 1.0, 1.0])), [3.0, -1.5, -1.5])


def test_a_step_makes_rewarded_samples_more_probable(tiny_config):
    """The reward is for a token; with a human caption, that is learned too."""
    torch.manual_seed(0)
    specialist, tokenizer = build_untrained(tiny_config)
    specialist.eval()
    visual = torch.randn(2, specialist.visual_tokens, specialist.width)
    wanted = 40

    def reward(caption, picture, *, mirrored, ended):
        return float(tokenizer.decode([wanted]) in caption)

    def probability():
        with torch.no_grad():
            logits, _ = prefill(specialist.language_model, specialist.prompt(visual), 8)
        return float(logits.softmax(-1)[:, wanted].mean())

    options = Sampling(samples=256, temperature=1.0, keep=1.0, longest=3)
    policy = PolicyGradient(specialist, tokenizer, reward, options, compiled=False)
    before = probability()
    optimiser = torch.optim.SGD(specialist.language_model.parameters(), lr=0.5)
    for _ in range(10):
        policy.refresh()
        loss, samples = policy(visual, [0, 1], [False, True])
        assert [len(some) for some in samples] == [256, 256]
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    assert probability() > 1.3 * before

    targets = []

    def target(index, mirrored):
        targets.append((index, mirrored))
        return [specialist.begin, wanted, specialist.end] if index else None

    torch.manual_seed(1)
    plain, _ = policy(visual, [0, 1], [False, True])
    torch.manual_seed(1)
    supervised, _ = policy(visual, [0, 1], [False, True], target=target, target_weight=1.0)
    assert targets == [(0, False), (1, True)]
    assert supervised != plain


@pytest.mark.parametrize("kind", ["opt", "llama"])
def test_samples_run_to_their_end_and_follow_the_seed(tiny_config, tiny_languages, kind):
    torch.manual_seed(0)
    specialist = Specialist(replace(tiny_config, language=tiny_languages[kind])).eval()
    visual = torch.randn(3, specialist.visual_tokens, specialist.width)
    longest = tiny_config.max_caption_tokens

    def draw():
        torch.manual_seed(5)
        model, prompt = specialist.language_model, specialist.prompt(visual)
        return sample(model, prompt, 4, specialist.end, longest)

    first = draw()
    assert draw() == first
    assert len(first) == 12
    assert len({tuple(caption) for caption in first}) > 6
    for caption in first:
        assert specialist.end not in caption[:-1]
        assert caption[-1] == specialist.end or len(caption) == longest


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_samples_are_as_frequent_as_the_model_says(tiny_config, temperature):
    torch.manual_seed(0)
    specialist = Specialist(tiny_config).eval()
    prompt = specialist.prompt(torch.randn(1, specialist.visual_tokens, specialist.width))
    with torch.no_grad():
        specialist.language_model.lm_head.weight *= 20  # some tokens are much likelier than others
        logits, _ = prefill(specialist.language_model, prompt, 8)
        drawn = sample(specialist.language_model, prompt, 5000, specialist.end, 1, temperature)
    counts = torch.bincount(torch.tensor(drawn).flatten(), minlength=logits.shape[1])
    expected = (logits / temperature).softmax(-1)[0].cumsum(0)
    # Kolmogorov-Smirnov: a right sampler stays below in 999 of 1000 seeds.
    assert (counts.cumsum(0) / 5000 - expected).abs().max() < 1.95 / 5000**0.5
    assert expected.diff().max() > 0.05
