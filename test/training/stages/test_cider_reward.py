# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch
from pycocoevalcap.cider.cider import Cider

from mmser_ros.captioner.decoding.greedy import prefill
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.evaluation.metrics import tokenize
from mmser_ros.training.stages.cider_reward import END_WORD, ConsensusReward, advantages, sample
from mmser_ros.training.tokens import train_tokenizer

REFERENCES = [
    ["A black dog runs on grass .", "a dog is running", "the dog runs in a field"],
    ["Two men play guitar .", "two men with guitars on a stage", "men play music"],
    ["A girl in a red dress .", "the girl wears red", "a child in a dress"],
    ["A dog swims .", "a brown dog in the water", "the dog is in a lake"],
]


def test_the_reward_is_cider_d():
    """Against pycocoevalcap's scorer, with the end counted as a word in both."""
    captions = ["a dog runs on grass", "two men play", "a girl in a dress in a dress", "a dog"]
    scorer = Cider()
    _, expected = scorer.compute_score(
        {n: [f"{tokenize(one)} {END_WORD}" for one in some] for n, some in enumerate(REFERENCES)},
        {n: [f"{tokenize(caption)} {END_WORD}"] for n, caption in enumerate(captions)},
    )
    reward = ConsensusReward(REFERENCES)
    found = [reward(caption, picture) for picture, caption in enumerate(captions)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_caption_that_breaks_off_is_worth_less():
    reward = ConsensusReward(REFERENCES)
    assert reward("a dog is running", 0) > reward("a dog is running", 0, ended=False)


def test_samples_better_than_the_others_are_favoured():
    tokenizer = train_tokenizer([one for some in REFERENCES for one in some], 400)
    captions = [
        [1, *tokenizer.encode(text).ids, 2]
        for text in ("a dog is running", "two men", "the dog", "a dog")
    ]
    gains = advantages(captions, 0, ConsensusReward(REFERENCES), tokenizer, end=2)
    assert gains.argmax() == 0
    assert gains.argmin() == 1
    assert gains.sum() == pytest.approx(0)


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
        logits, _ = prefill(specialist.language_model, prompt)
        drawn = sample(specialist.language_model, prompt, 5000, specialist.end, 1, temperature)
    counts = torch.bincount(torch.tensor(drawn).flatten(), minlength=logits.shape[1])
    expected = (logits / temperature).softmax(-1)[0].cumsum(0)
    # Kolmogorov-Smirnov: a right sampler stays below in 999 of 1000 seeds.
    assert (counts.cumsum(0) / 5000 - expected).abs().max() < 1.95 / 5000**0.5
    assert expected.diff().max() > 0.05
