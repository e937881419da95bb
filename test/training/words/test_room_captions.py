# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import random

import numpy as np
import pytest

from mmser_ros.data.example import Example
from mmser_ros.training.loop import TrainingError
from mmser_ros.training.words.prompted_items import labelled_prompts, picture_items
from mmser_ros.training.words.room_captions import RoomCaptions, room_caption, with_article
from mmser_ros.training.words.targets import word_targets

LOBBY = Example("places", "a", scene="lobby", objects=("wall", "sofa", "desk lamp"))
CROWD = Example("places", "b", scene="lobby", objects=("person standing", "sofa"))
BARE = Example("places", "c", scene="staircase")
HOUSE = Example("houses", "d", scene="kitchen")
HOME = Example("nyuv2", "e", objects=("armchair", "large green fish tank"))
# Ten more, as sets of few scenes are told of more often.
MANY = [Example("places", f"s{n}", scene=f"scene {n}") for n in range(10)]
EXAMPLES = [LOBBY, CROWD, BARE, HOUSE, HOME, *MANY]


def test_articles():
    said = [with_article(one) for one in ("oven", "lamp", "glass", "stairs", "furniture", "bus")]
    assert said == ["an oven", "a lamp", "a glass", "stairs", "furniture", "a bus"]


def test_what_is_likely_is_told_first_and_nothing_else():
    chances = {"lamp": 0.9, "couch": 0.5}
    captions = {
        room_caption("lobby", ["couch", "lamp", "wall"], chances, random.Random(seed))
        for seed in range(200)
    }
    assert captions == {
        "a lobby with a lamp and a couch",
        "a lamp and a couch in a lobby",
        "a lobby with a lamp next to a couch",
    }
    bare = {room_caption("lobby", ["wall"], {}, random.Random(seed)) for seed in range(20)}
    assert bare == {"a lobby", "a view of a lobby"}


def test_captions_say_what_is_labelled():
    rooms = RoomCaptions(EXAMPLES, seed=0)
    said = [*rooms.of(LOBBY, {}), *rooms.of(LOBBY, {})]
    assert all("lobby" in one and "couch" in one and "lamp" in one for one in said)
    crowd = " ".join(caption for _ in range(20) for caption in rooms.of(CROWD, {}))
    assert "people" in crowd
    assert "person" not in crowd
    homes = rooms.of(HOME, {"bedroom": 0.5, "kitchen": 0.3})
    assert len(homes) == 4
    assert all("bedroom" in one and "a tank" in one for one in homes)
    assert "room" in rooms.of(HOME, {})[0]
    assert rooms.of(Example("coco", "x"), {}) == []


def test_of_a_scene_alone_only_what_is_detected_is_said():
    rooms = RoomCaptions(EXAMPLES, seed=0)
    said = {caption for _ in range(60) for caption in rooms.of(BARE, {"couch": 0.9, "lamp": 0.4})}
    assert said == {"stairs with a couch"}
    assert {caption for _ in range(60) for caption in rooms.of(BARE, {"person": 0.9})} == {
        "people in stairs"
    }
    bare, house = (sum(len(rooms.of(one, {})) for _ in range(500)) for one in (BARE, HOUSE))
    assert 180 < bare < 270
    assert 300 < house < 400


def test_items_of_pictures():
    examples = [
        Example("flickr8k", "a", tuple(f"A dog {n} ." for n in range(5))),
        Example("coco", "b", ("A cat",), frozenset({"cat"})),
        Example("coco", "c", (), frozenset({"cat"})),
        HOME,
        Example("flickr8k", "lost", ("a dog",)),
    ]
    names = ("dog", "cat", "chair")
    chances = np.full((5, 3), 0.4, np.float32)
    chances[4] = 0.0
    items = picture_items(names, examples, chances, {"flickr8k": 2}, seed=0)
    assert items == picture_items(names, examples, chances, {"flickr8k": 2}, seed=0)
    assert [one.picture for one in items] == [0, 0, 1, 1, 3, 3, 3, 3]
    assert items[2].caption == "a cat"
    assert items[0].caption.startswith("a dog ")
    assert {one.prompt for one in items} == {"likely: dog, cat, chair"}
    more = picture_items(names, examples, chances, {"flickr8k": 2}, seed=0, written={2: "A cat ."})
    assert [one.caption for one in more if one.picture == 2] == ["a cat"]
    with pytest.raises(TrainingError, match="no picture has captions or is of a room"):
        picture_items(names, examples[2:3], chances[:1], {}, seed=0)


def test_labels_are_sure_in_the_prompt_that_captions_are_written_from():
    names = ("dog", "cat", "table", "grass")
    examples = [
        Example("coco", "a", (), frozenset({"cat"})),
        Example("coco", "b", (), frozenset({"dining table", "dog"})),
        Example("coco", "c", ("a cat",), frozenset({"cat"})),
        HOUSE,
    ]
    chances = np.full((4, 4), 0.5, np.float32)
    prompts = labelled_prompts(names, examples, chances, word_targets(names, examples))
    assert prompts == {0: "sure: cat; likely: grass", 1: "sure: dog, table; likely: grass"}
