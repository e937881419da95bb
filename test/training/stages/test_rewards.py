# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np

from mmser_ros.data.example import Example
from mmser_ros.training.stages.rewards import RewardedPicture, rewarded_pictures
from mmser_ros.training.words.prompted_items import PromptedItem

EXAMPLES = [
    Example("places", "kitchen.jpg", scene="kitchen"),
    Example("coco", "dog.jpg", labels=frozenset({"dog"})),
    Example("coco", "cat.jpg", captions=("A cat sleeps .", "the cat")),
    Example("coco", "broken.jpg", captions=("a cat",)),
]


def test_human_captions_are_references_and_others_are_targets_only():
    found = np.array([[0.9, 0.0], [0.2, 0.5], [0.8, 0.0], [0.0, 0.0]])
    items = [
        PromptedItem("", "a kitchen", 0),
        PromptedItem("", "the cat", 2),
        PromptedItem("", "a line of text"),
    ]
    some = rewarded_pictures(
        ["cat", "dog"], EXAMPLES, found, items, {"places": 5, "coco": 5}, seed=0
    )
    assert some == [
        RewardedPicture(0, "sure: cat", ("a kitchen",), ()),
        RewardedPicture(2, "sure: cat", ("the cat",), ("a cat sleeps", "the cat")),
        RewardedPicture(1, "likely: dog; maybe: cat", (), ()),
    ]
    (first,) = rewarded_pictures(["cat", "dog"], EXAMPLES, found, items, {"coco": 1}, seed=0)
    assert first.number == 2  # those with captions come first
