# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import pytest
from torch import nn

from mmser_ros.captioner.captioner import Captioner
from mmser_ros.captioner.config import WordsConfig
from mmser_ros.captioner.doubt import LEAST_ODDS, Doubt
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import Detected
from mmser_ros.training.tokens import train_tokenizer

WORDS = ("dog", "couch", "person", "chair", "living room", "onlooker")
SIZE = 400
LINES = ["a dog and two chairs near a couch and a person with a chair on a living room"] * 9


def model(tiny_config, doubt=0.0):
    tokenizer = train_tokenizer(LINES, SIZE)
    words = WordsConfig(WORDS, 4, crops=0, doubt=doubt)
    language = tiny_config.language
    language = replace(language, architecture={**language.architecture, "vocab_size": SIZE})
    return Specialist(replace(tiny_config, words=words, language=language)).eval(), tokenizer


def test_words_that_are_unlikely_lose_with_their_plurals(tiny_config):
    specialist, tokenizer = model(tiny_config)
    likely = dict.fromkeys(specialist.word_detector.words, 0.5)
    some = likely | {"dog": 0.9, "couch": 0.2, "person": 0.01, "chair": 0.3, "onlooker": 0.1}
    some["living room"] = 0.25
    detected = [Detected(some, 0.0), Detected(likely, 0.0)]
    bias = Doubt(specialist, tokenizer).bias(detected, weight=2.0)
    expected = {
        "a": 0.0,
        "dog": 0.0,
        "couch": 2 * math.log(0.2 / 0.8),
        "chairs": 2 * math.log(0.3 / 0.7),
        "person": 2 * LEAST_ODDS,
        "living": 2 * math.log(0.25 / 0.75),
        "on": 0.0,
    }
    found = {text: bias[0, tokenizer.encode(text).ids[0]].item() for text in expected}
    assert found == pytest.approx(expected, abs=1e-5)
    assert not bias[1].any()


@pytest.mark.parametrize(("weight", "named"), [(0.0, True), (9.0, False)])
def test_a_model_that_doubts_does_not_name_what_is_not_seen(tiny_config, picture, weight, named):
    specialist, tokenizer = model(tiny_config, weight)
    specialist.word_detector.answer.bias.data.fill_(-9.0)
    head = nn.Linear(specialist.width, SIZE)  # which says dog, and nothing else
    head.bias.data[tokenizer.encode("dog").ids[0]] += 20.0
    specialist.language_model.lm_head = head
    caption = Captioner(specialist, tokenizer, quantize="none").caption(picture)
    assert ("dog" in caption.text) == named
