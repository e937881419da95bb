# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from mmser_ros.srv import QueryScene

from benchmarks.made_scenes import around, open_memory, pose, remember
from mmser_ros.nodes.common.scene_conversions import pose_to_message
from mmser_ros.nodes.memory.query_service import answer, wanted

NOW = Time(sec=140)
MUG, BOOK = [("mug", (2.0, 0.0, 0.8))], [("book", (8.0, 0.0, 0.8))]


@pytest.fixture(scope="module")
def memory():
    return remember(
        *around("a red mug in a kitchen", MUG, start=10.0),
        *around("a book in a bedroom", BOOK, start=100.0, x=6.0),
    )


def ask(memory, **request):
    return answer(memory, QueryScene.Request(**request), "robot", NOW)


def found(memory, **request):
    response = ask(memory, **request)
    assert (response.success, response.message) == (True, "")
    return [one.node.label for one in response.matches]


def test_a_match_says_where_and_why(memory):
    response = ask(memory, text="red mug")
    assert (response.map_id, response.stale, len(response.matches)) == ("home", False, 1)
    match = response.matches[0]
    assert (match.node.label, match.node.room) == ("mug", "kitchen")
    assert match.node.caption == "a red mug in a kitchen"
    assert 10 <= match.node.caption_stamp.sec <= 40
    assert match.age == pytest.approx(
        100.0
    )  # seen at 40 s, though the newest observation is at 130 s
    assert (match.pose.header.frame_id, match.pose.header.stamp) == ("map", NOW)
    assert 0.5 < match.score <= 1.0


def test_what_nobody_views_at_grows_old_and_doubtful(memory):
    later = Time(sec=140 + 2 * 24 * 3600)  # a mug's half-life is a week

    def mug(now):
        (match,) = answer(memory, QueryScene.Request(text="mug"), "robot", now).matches
        return match

    assert mug(later).age == pytest.approx(later.sec - 40)
    assert mug(later).node.probability < mug(NOW).node.probability - 0.005
    assert mug(Time()).age == pytest.approx(
        90.0
    )  # nobody knows the time: as of the newest observation
    long_after = Time(sec=2**31 - 1)
    assert answer(memory, QueryScene.Request(), "robot", long_after).matches == []


def test_nothing_like_it(memory):
    assert found(memory, text="elephant") == []


def test_conditions_hold_together(memory):
    assert found(memory) == ["book", "mug"]
    assert found(memory, place="kitchen") == ["mug"]
    assert found(memory, text="mug", place="bedroom") == []
    assert found(memory, since=Time(sec=90)) == ["book"]
    assert found(memory, until=Time(sec=90)) == ["mug"]
    assert found(memory, text="book", until=Time(sec=90)) == []
    assert found(memory, since=Time(sec=20), until=Time(sec=110)) == ["book", "mug"]


def test_how_many_and_how_near(memory):
    assert len(found(memory, k=1)) == 1
    assert found(memory, has_near=True, near=Point(x=9.0)) == ["book", "mug"]
    assert found(memory, has_near=True, near=Point(x=1.0)) == ["mug", "book"]
    near = ask(memory, text="mug", has_near=True, near=Point(x=2.0)).matches[0].score
    assert near > ask(memory, text="mug", has_near=True, near=Point(x=9.0)).matches[0].score


def test_the_way_begins_where_it_should(memory):
    here = ask(memory, text="mug", has_start=True, start=pose_to_message(pose(0.0, 0.6)))
    assert here.matches[0].path.poses[0].pose.position.y == pytest.approx(0.6)
    assert here.matches[0].path.poses[-1].pose == here.matches[0].pose.pose
    stranger = answer(memory, QueryScene.Request(text="mug"), "nobody", NOW)
    assert (stranger.success, stranger.matches[0].path.poses) == (True, [])


def test_of_no_text_is_anything_the_best_first(memory):
    assert found(memory, text="  ") == found(memory) == ["book", "mug"]
    assert found(memory, text=" ", until=Time(sec=90)) == ["mug"]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_in_words(memory, odd):
    near = {"has_near": True, "near": Point(x=odd)}
    start = {"has_start": True, "start": pose_to_message(pose(0.0, odd))}
    for request in (near, start):
        for more in ({}, {"text": "mug"}, {"text": "elephant"}, {"until": Time(sec=1)}):
            response = ask(memory, **request, **more)
            assert (response.success, response.matches) == (False, [])
            assert f"{odd:g}" in response.message
            assert "expected finite numbers" in response.message
    assert found(memory, near=Point(x=odd)) == ["book", "mug"]  # has_near says that it is not given


def test_a_question_that_can_not_be_answered(memory):
    response = ask(memory, place="cellar")
    assert (response.success, response.matches) == (False, [])
    assert "no place or room 'cellar'" in response.message
    assert "kitchen" in response.message


def test_a_store_of_another_map_says_so(tmp_path):
    with open_memory(tmp_path / "home.sqlite") as memory:
        memory.add_all(around("a red mug in a kitchen", MUG))
    with open_memory(tmp_path / "home.sqlite", map_id="office", on_other_map="stale") as memory:
        response = ask(memory, text="mug")
    assert (response.map_id, response.stale) == ("home", True)
    assert (response.matches[0].map_id, response.matches[0].stale) == ("home", True)


def test_wanted_looks_have_poses_gains_and_reasons():
    memory = remember(*around("a red mug in a kitchen", MUG, start=10.0)[:1])
    response = wanted(memory, QueryScene.Request(k=3), NOW)
    assert (response.success, response.message, response.map_id) == (True, "", "home")
    first = response.matches[0]
    assert first.node.layer == "look"
    assert first.node.id.startswith("object:mug")
    assert first.score > 0.5
    assert (first.pose.header.frame_id, first.pose.header.stamp) == ("map", NOW)
    asked = wanted(memory, QueryScene.Request(text="the mug", k=3), NOW)
    assert asked.matches[0].score > first.score


def test_a_question_about_where_to_look_that_is_too_long_is_refused(memory):
    response = wanted(memory, QueryScene.Request(text="mug " * 1000), NOW)
    assert not response.success
    assert "expected" in response.message
