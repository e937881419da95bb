# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import SECOND, Caption, GroundedPhrase, Pose
from mmser_ros.language.caption_parser import CaptionParser
from mmser_ros.language.taxonomy import Taxonomy
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.memory.where_to_look import REACH, entropy

PARSER, WORDS = CaptionParser(), Taxonomy()


def memory():
    return SceneMemory.open(None, "home", parser=PARSER, words=WORDS)


def see(store, second, x, word, away, *, place=""):
    """From (x, 0), facing +x: an object at a distance."""
    text = f"a {word}" + (f" in a {place}" if place else "")
    phrase = GroundedPhrase(f"a {word}", word, 1.0, point=(0.0, 0.0, away))
    said = Caption(text, text, 1.0, False, "made", 1, (phrase,))
    store.observe(said, second * SECOND, Pose((x, 0.0, 0.0)))


def test_entropy_is_one_bit_at_even_chances():
    assert entropy(0.5) == 1.0
    assert entropy(0.0) == entropy(1.0) == 0.0
    assert entropy(0.9) == pytest.approx(entropy(0.1)) == pytest.approx(0.469, abs=1e-3)


def test_nothing_is_wanted_of_an_empty_memory():
    assert memory().where_to_look() == []
    assert memory().where_to_look(["the mug"]) == []


def test_an_object_that_was_seen_once_is_wanted_and_faced():
    store = memory()
    see(store, 1, 0.0, "mug", 3.0, place="kitchen")
    look = store.where_to_look()[0]
    assert any(one.startswith("object:mug") for one in look.reasons)
    x, y, _ = look.pose.position
    assert math.hypot(3.0 - x, y) == pytest.approx(1.4, abs=0.05)
    assert heading(look.pose.orientation) == pytest.approx(0.0, abs=0.05)


def test_an_object_that_no_known_place_is_right_for_is_not_wanted_alone():
    store = memory()
    see(store, 1, 0.0, "mug", 0.5, place="kitchen")  # it is too near to stand back from
    assert store.where_to_look() == []


def test_what_is_sure_and_near_is_not_wanted():
    store = memory()
    for second in range(12):
        see(store, second + 1, 0.3 * second, "mug", 5.0 - 0.3 * second, place="kitchen")
    assert store.where_to_look() == []


def test_furniture_seen_from_afar_is_wanted():
    near, far = memory(), memory()
    for second in range(12):
        see(near, second + 1, 0.3 * second, "table", 4.5 - 0.3 * second, place="kitchen")
        see(far, second + 1, 0.3 * second, "table", 7.0 - 0.3 * second, place="kitchen")
    assert near.where_to_look() == []
    assert [one.reasons[0].split("-")[0] for one in far.where_to_look()] == ["object:table"]


def test_a_room_without_a_label_is_wanted():
    store = memory()
    see(store, 1, 0.0, "mug", 1.0)
    wanted = store.where_to_look()
    assert any(one.startswith("room:") for look in wanted for one in look.reasons)


def test_a_question_raises_what_may_answer_it():
    store = memory()
    see(store, 1, 0.0, "mug", 3.0, place="kitchen")
    before = store.where_to_look()[0].gain
    assert store.where_to_look(["the mug"])[0].gain == pytest.approx(before + 1.0)
    unknown = store.where_to_look(["the dog"])
    assert "the dog" in {one for look in unknown for one in look.reasons}


def test_gains_fall_and_each_doubt_is_settled_once():
    store = memory()
    for number, word in enumerate(("mug", "book", "vase", "bowl", "lamp", "clock")):
        see(store, number + 1, 2.0 * number, word, 2.5, place="kitchen")
    wanted = store.where_to_look()
    gains = [one.gain for one in wanted]
    assert gains == sorted(gains, reverse=True)
    reasons = [one for look in wanted for one in look.reasons]
    assert len(reasons) == len(set(reasons))
    assert len(store.where_to_look(k=2)) == 2
    assert all(one.pose.position[0] < 12.5 + REACH for one in wanted)
