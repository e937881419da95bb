# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import CaptionedFeatures
from mmser_ros.training.initial_captions import InitialCaptions
from mmser_ros.training.model_errors import guess_words
from mmser_ros.training.tokens import train_tokenizer

WORDS = ["horse", "grass", "river", "clouds", "table"]
CAPTIONS = [
    [f"the {WORDS[number % 5]} and {WORDS[(number + 1) % 5]}s", f"a {WORDS[number % 5]} there"]
    for number in range(60)
]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([word for word in (*WORDS, "the", "and", "a") for _ in range(50)], 300)


@pytest.fixture(scope="module")
def specialist(tiny_config, tokenizer):
    """Its language model says one of the words, or "the", whatever it is asked."""
    torch.manual_seed(0)
    specialist = Specialist(tiny_config).eval()
    tokens = [tokenizer.encode(one, add_special_tokens=False).ids[0] for one in (*WORDS, "the")]
    head = specialist.language_model.lm_head
    head.weight = torch.nn.Parameter(torch.zeros_like(head.weight))
    head.bias = torch.nn.Parameter(
        torch.full((300,), -100.0).index_fill(0, torch.tensor(tokens), 0)
    )
    return specialist


@pytest.fixture(scope="module")
def pictures():
    def features(views, pictures):
        return (torch.rand(len(pictures), 49, 1280), torch.rand(len(pictures), 196, 112))

    return CaptionedFeatures(features, CAPTIONS, np.zeros((1, 60), bool), holdout=4)


def test_guesses_are_words_that_say_something_else(specialist, tokenizer, pictures):
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids  # noqa: E731
    truths = [[encode(one) for one in some] for some in CAPTIONS]
    guesses = guess_words(specialist, tokenizer, pictures, truths, lambda items, *_: items)
    assert [len(some) for some in guesses] == [2] * 60
    said = set()
    for some, found in zip(truths, guesses, strict=True):
        for truth, errors in zip(some, found, strict=True):
            for place, token in errors:
                word, guess = (tokenizer.decode([one]).strip() for one in (truth[place], token))
                assert word in WORDS  # neither "the" nor the beginning of "rivers"
                assert guess in WORDS
                assert all(token not in one for one in some)
                assert tokenizer.decode(truth[place : place + 2]).strip() != f"{word}s"
                said.add(guess)
    assert said == set(WORDS)
    again = guess_words(specialist, tokenizer, pictures, truths, lambda items, *_: items)
    assert again == guesses
    assert guess_words(specialist, tokenizer, pictures, truths, lambda items, *_: items, 1) != again


def test_captions_with_guessed_words(specialist, tokenizer, pictures):
    initials = InitialCaptions(
        specialist, tokenizer, pictures, ("guessed",), None, lambda items, *_: items
    )
    chosen = [(picture, caption) for picture in range(60) for caption in range(2)]
    random = np.random.default_rng(0)
    drawn = initials.draw([0] * 120, chosen, ("guessed",), random)
    truths = initials.draw([0] * 120, chosen, ("truth",), random)
    differing = [
        sum(one != other for one, other in zip(guessed, truth, strict=True))
        for guessed, truth in zip(drawn, truths, strict=True)
    ]
    assert set(differing) == {0, 1}  # each has one word that can be guessed
