# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mmser_ros.training.stages.rewards import RewardSchedule
from mmser_ros.training.stages.truth_reward import CaptionRewards
from mmser_ros.training.words.targets import WordTargets

NAMES = ["person", "man", "cat", "couch", "sofa", "lamp", "nothing"]
HUMAN = ["a cat on a couch on the left", "the cat sleeps"]
OF_ANOTHER = ["two people", "a man and a lamp"]  # CIDEr-D weighs words by how rare they are


@pytest.fixture
def rewards():
    """Pictures with captions, with labels only, with neither; and one of others' captions."""
    truth = np.zeros((4, len(NAMES)), bool)
    truth[0, [2, 3, 4]] = True
    truth[1, [0]] = True
    weight = np.ones(truth.shape, np.float16)
    weight[1, 5] = 0.5
    weight[2] = 0
    targets = WordTargets(truth, weight)
    return CaptionRewards(
        NAMES, targets, [HUMAN, [], [], OF_ANOTHER], gains=[0.1, 0.2, 0.2, 0.1], cost=0.3
    )


def test_true_words_gain_and_false_ones_cost_by_how_much_is_known(rewards):
    assert rewards.truth("a cat", 0) == pytest.approx(0.1)
    assert rewards.truth("a person", 1) == pytest.approx(0.2)
    assert rewards.truth("a cat", 1) == pytest.approx(-0.3)
    assert rewards.truth("a person and a lamp", 1) == pytest.approx(0.2 - 0.15)
    assert rewards.truth("a cat with a lamp", 2) == 0


def test_a_word_counts_once_however_it_is_said(rewards):
    assert rewards.truth("a couch, a sofa and couches", 0) == pytest.approx(0.1)
    assert rewards.truth("a cat and a cat", 0) == pytest.approx(0.1)
    assert rewards.truth("a man", 1) == pytest.approx(0.2 - 0.3)  # a person, and no man


def test_agreement_with_people_counts_where_there_are_captions(rewards):
    whole = {"mirrored": False, "ended": True}
    assert rewards("a cat on a couch on the left", 0, **whole) > rewards("a cat", 0, **whole)
    right = rewards("a cat on a couch on the right", 0, mirrored=True, ended=True)
    assert right == pytest.approx(rewards("a cat on a couch on the left", 0, **whole))
    assert rewards("a person", 1, **whole) == rewards.truth("a person", 1)


def test_a_caption_without_an_end_is_worth_less(rewards):
    for picture in range(3):
        whole = rewards(HUMAN[0], picture, mirrored=False, ended=True)
        assert rewards(HUMAN[0], picture, mirrored=False, ended=False) < whole


def test_a_repetition_costs(rewards):
    whole = {"mirrored": False, "ended": True}
    once = rewards("a person", 1, **whole)
    assert rewards("a person, a person and a person", 1, **whole) == pytest.approx(once - 0.6)
    assert rewards("a person on a person on the left", 1, **whole) == pytest.approx(once - 0.3)


def test_words_of_pictures_with_labels_only_gain_by_their_set():
    schedule = RewardSchedule(
        epochs=1,
        batch_size=2,
        learning_rate=1e-3,
        gain=0.1,
        label_gain={"coco": 0.05, "others": 0.4},
    )
    assert schedule.gain_of("coco", captioned=True) == 0.1
    assert schedule.gain_of("coco", captioned=False) == 0.05
    assert schedule.gain_of("nyuv2", captioned=False) == 0.4
