# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.config import ConceptsConfig
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.training.batches import CaptionedFeatures
from mmser_ros.training.loop import Schedule, TrainingError
from mmser_ros.training.stages.concepts import choose_words, train_concepts
from mmser_ros.training.tokens import train_tokenizer
from test.training.conftest import features_of_colours

COLOURS = ["red", "green", "blue", "grey"]
CAPTIONS = [
    [f"a {COLOURS[number % 4]} wall", f"the {COLOURS[number % 4]} wall with a thingumabob"]
    for number in range(40)
]


@pytest.fixture(scope="module")
def tokenizer():
    words = [word for word in (*COLOURS, "wall") for _ in range(50)]
    return train_tokenizer(words, 300)


def test_words_are_of_one_token_and_say_something(tokenizer):
    words = choose_words(tokenizer, CAPTIONS, 5)
    assert list(words) == ["wall", "blue", "green", "grey", "red"]  # by frequency, then by name
    assert [tokenizer.decode([one]).strip() for one in words.values()] == list(words)
    with pytest.raises(TrainingError, match="have 5 words of one token each; expected 6"):
        choose_words(tokenizer, CAPTIONS, 6)


def test_the_detector_learns_what_is_to_be_seen(refining_config, tokenizer, tmp_path):
    torch.manual_seed(0)
    concepts = ConceptsConfig(words=5, hidden_size=32, weight=1.0)
    connector = replace(refining_config.ser_connector, concepts=concepts)
    specialist = Specialist(replace(refining_config, ser_connector=connector)).eval()
    features = features_of_colours(specialist)
    pictures = CaptionedFeatures(features, CAPTIONS, np.zeros((2, 40), bool), holdout=4)
    schedule = Schedule(epochs=20, batch_size=6, learning_rate=1e-2, average=0.5)
    train_concepts(specialist, tokenizer, pictures, schedule, tmp_path, lambda items, *_: items)
    words = choose_words(tokenizer, CAPTIONS, 5)
    detector = specialist.ser_connector.concepts
    seen = specialist.select_levels(features([0] * 4, range(4)))
    with torch.no_grad():
        bias = detector.logit_bias(seen, views=1, vocabulary=300)
    for picture, colour in enumerate(COLOURS):
        ranked = bias[picture, [words[one] for one in COLOURS]].argsort(descending=True)
        assert COLOURS[ranked[0]] == colour
