# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from mmser_ros.captioner.model.imagenet_words import imagenet_words


def test_every_class_has_a_word():
    table = imagenet_words()
    assert {index for indices in table.values() for index in indices} == set(range(1000))


def test_words_are_the_everyday_ones():
    table = imagenet_words()
    classes = {"tabby": 281, "espresso": 967, "studio couch": 831, "missile": 657, "golden": 207}
    words = {
        name: {word for word, indices in table.items() if index in indices}
        for name, index in classes.items()
    }
    assert words["tabby"] == {"cat"}
    assert {"cup", "coffee"} <= words["espresso"]
    assert "couch" in words["studio couch"]
    assert "rocket" in words["missile"]
    assert words["golden"] == {"dog"}
