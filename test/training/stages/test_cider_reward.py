# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
from pycocoevalcap.cider.cider import Cider

from mmser_ros.evaluation.metrics import tokenize
from mmser_ros.training.stages.cider_reward import END_WORD, CiderReward

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
    reward = CiderReward(REFERENCES)
    found = [reward(caption, picture) for picture, caption in enumerate(captions)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_caption_that_breaks_off_is_worth_less():
    reward = CiderReward(REFERENCES)
    assert reward("a dog is running", 0) > reward("a dog is running", 0, ended=False)


def test_pictures_without_captions_do_not_count():
    caption, reward = "a dog is running", CiderReward([*REFERENCES, []])
    assert reward(caption, 0) == CiderReward(REFERENCES)(caption, 0)
