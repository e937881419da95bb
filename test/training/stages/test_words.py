# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmser_ros.captioner.config import ObjectsConfig, WordsConfig
from mmser_ros.captioner.model.object_tower import CLASSES
from mmser_ros.captioner.model.specialist import Specialist
from mmser_ros.captioner.model.word_detector import NOTHING
from mmser_ros.training.stages.words import probabilities_of_prompts
from mmser_ros.training.words.features import StoredViews, ViewFeatures
from mmser_ros.training.words.views import CROPS, VIEWS


@pytest.mark.parametrize("objects", [None, ObjectsConfig()])
@pytest.mark.parametrize("crops", [0, 5])
def test_training_prompts_have_the_words_that_the_robots_have(tiny_config, crops, objects):
    words = WordsConfig(("dog", "grass", NOTHING), 4, crops)
    specialist = Specialist(replace(tiny_config, words=words, objects=objects)).eval()
    draw = np.random.default_rng(0)
    pooled = 4 * draw.random((3, VIEWS, 2 * sum(specialist.vision.channels)), np.float32)
    seen = draw.random((3, CLASSES), np.float32).astype(np.float16) if objects else None
    stored = StoredViews(pooled.astype(np.float16), None, frozenset({1}), seen)
    features = ViewFeatures([stored], specialist)
    views = [0, *(CROPS if crops else ())]
    odds = np.full((3, 3), -np.inf, np.float16)
    odds[[0, 2]] = 0.0
    found = probabilities_of_prompts(specialist, features, odds)
    names = specialist.word_detector.names
    assert found.shape == (3, len(names))
    assert not found[1].any()
    specialist.word_detector.answer.weight.data.zero_()  # so its log odds are 0, too
    specialist.word_detector.answer.bias.data.zero_()
    for number in (0, 2):
        seen = [features.pooled([number], [view]) for view in views]
        pooled, classes, objects = zip(*seen, strict=True)
        inputs = torch.stack(pooled, dim=1), torch.stack(classes, dim=1), objects[0]
        (expected,) = specialist.word_detector.detect(*inputs)
        chances = dict(zip(names, found[number].tolist(), strict=True))
        assert chances.pop(NOTHING) == expected.nothing
        assert chances == pytest.approx(expected.probabilities, abs=1e-5)
        assert max(chances[one] for one in names[len(words.names) :]) > 0.0
