# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The graph is a function of the set of observations: any order, repeats, restarts."""

from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.made_scenes import around, labels, open_memory, remember, view
from benchmarks.plain_words import PlainParser, PlainWords
from mmser_ros.core.types import SECOND
from mmser_ros.memory.observation_checks import ObservationError
from mmser_ros.memory.query_checks import TimeRangeError
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.simulation.house import House
from mmser_ros.simulation.walk import Walk

MUG, BOOK = (2.0, 0.0, 0.3), (2.0, 0.8, 0.3)


def two_robots():
    mine = around("a red mug and a book", [("mug", MUG), ("book", BOOK)], 6, depth=5.0)
    other = around("a mug on a book", [("mug", MUG), ("book", BOOK)], 6, start=14.0, robot="b")
    gone = around("a book", [("book", BOOK)], 4, start=42.0, robot="c", depth=5.0)
    return [*mine, *other, *gone]


def same(a, b):
    return nx.utils.graphs_equal(a.graph(), b.graph())


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_order_and_repeats_give_the_same_graph(data):
    views = two_robots()
    shuffled = data.draw(st.permutations(views + views[::3]))
    window = data.draw(st.sampled_from([3, 400]))
    a, b = open_memory(), open_memory(reorder_window=window)
    for one in views:
        a.add(one)
    for one in shuffled:
        b.add(one)
    b.apply_pending()
    assert same(a, b)
    assert b.status().observations == len(views)


def seen_twice(first, refined, objects, **options):
    """(first captions, refined captions) of the same pictures."""
    refined = around(refined, objects, 6, initial=first, **options)
    views = [(one, replace(one.caption, text=first, refined=False, passes=1)) for one in refined]
    return [replace(one, caption=caption) for one, caption in views], refined


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_refined_caption_replaces_the_first_one_of_its_picture(data):
    a_first, a = seen_twice("a dog and a book", "a red mug", [("mug", MUG)])
    b_first, b = seen_twice("a cat", "a mug and a book", [("mug", MUG), ("book", BOOK)], robot="b")
    window = data.draw(st.sampled_from([2, 400]))
    every_view_counts = {"keyframe_distance": 0.0, "reorder_window": window}
    memory = open_memory(**every_view_counts)
    for one in data.draw(st.permutations([*a_first, *a, *b_first, *b, *a_first[::2], *b[::2]])):
        memory.add(one)
    memory.apply_pending()
    assert same(memory, remember(*a, *b, **every_view_counts))
    assert memory.status().observations == 24


@pytest.mark.parametrize("window", [2, 400])
@pytest.mark.parametrize("refined_comes_first", [False, True])
def test_it_does_so_after_a_restart(tmp_path, window, refined_comes_first):
    first, refined = seen_twice("a dog", "a mug", [("mug", MUG)])
    path = tmp_path / "home.sqlite"
    options = {"keyframe_distance": 0.0, "reorder_window": window, "snapshot_every": 1}
    for views in (refined, first) if refined_comes_first else (first, refined):
        with open_memory(path, **options) as memory:
            memory.add_all(views)
    with open_memory(path, **options) as memory:
        assert same(memory, remember(*refined, **options))


def test_what_both_captions_name_keeps_its_name():
    first, refined = seen_twice("a mug", "a red mug", [("mug", MUG)])
    memory = remember(*first)
    name = memory.find("mug")[0].name
    memory.add_all(refined)
    assert [(one.name, one.attributes) for one in memory.find("mug")] == [(name, ("red",))]


def test_captions_of_one_stamp_after_as_many_passes_both_count():
    left = view("a mug", 10, [("mug", MUG)])
    right = view("a book", 10, [("book", BOOK)], y=0.5)  # the clock was reset: another picture
    memory = remember(left, right, existence_threshold=0.1)
    assert labels(memory.objects()) == ["book", "mug"]


def test_two_memories_that_hear_each_other_converge_in_a_real_house():
    house = House(5)
    views = list(Walk(house, 0.2, 5).observations(120, moved=2))
    mine, other = views[::2], [replace(one, robot="b") for one in views[1::2]]
    a, b = open_memory(map_id="house"), open_memory(map_id="house")
    for first, second in zip(mine, other, strict=True):
        for memory, heard in ((a, (first, second)), (b, (second, first, second))):
            for one in heard:
                memory.add(one)
    assert same(a, b)
    assert len(a.objects()) > 10


def test_what_comes_too_late_waits_for_settle():
    views = around("a mug", [("mug", MUG)], 20)
    memory = open_memory(reorder_window=5)
    for one in [*views[1:], views[0]]:
        memory.add(one)
    assert memory.status().pending == 1
    memory.apply_pending()
    assert memory.status().pending == 0
    assert same(memory, remember(*views))


@pytest.mark.parametrize(("window", "every"), [(3, 2), (3, 50), (400, 5)])
def test_closing_and_opening_changes_nothing(tmp_path, window, every):
    views = two_robots()
    path = tmp_path / "home.sqlite"
    options = {"reorder_window": window, "snapshot_every": every}
    whole = remember(*views, **options)
    for start in range(0, len(views), 5):
        with open_memory(path, **options) as memory:
            memory.add_all(views[start : start + 5])
    with open_memory(path, **options) as memory:
        assert same(memory, whole)
        assert memory.find("book") == whole.find("book")


def test_a_late_one_that_a_snapshot_lacks_is_folded_on_opening(tmp_path):
    views = around("a mug", [("mug", MUG)], 20)
    path = tmp_path / "home.sqlite"
    options = {"reorder_window": 3, "snapshot_every": 4}
    memory = open_memory(path, **options)
    for one in [*views[1:], views[0]]:
        memory.add(one)
    memory._log._store.close()  # as if it had been killed
    with open_memory(path, **options) as again:
        assert same(again, remember(*views, **options))


def test_other_parameters_fold_the_journal_anew(tmp_path):
    views = around("a mug", [("mug", MUG)], 2) + around("a book", [("book", BOOK)], 9, start=99.0)
    path = tmp_path / "home.sqlite"
    with open_memory(path, reorder_window=2, snapshot_every=2) as memory:
        memory.add_all(views)
    with open_memory(path, reorder_window=2, prior_log_odds=-6.0) as memory:
        assert same(memory, remember(*views, reorder_window=2, prior_log_odds=-6.0))


def test_forgetting_is_as_if_it_had_never_been_seen(tmp_path):
    early = around("a mug", [("mug", MUG)])
    late = around("a book", [("book", BOOK)], start=500.0)
    path = tmp_path / "home.sqlite"
    with remember(*early, *late, path=path) as memory:
        assert memory.forget(before=400 * SECOND)
        assert same(memory, remember(*late))
        assert not memory.add(early[0])
    with open_memory(path) as memory:
        assert labels(memory.objects()) == ["book"]
        assert not memory.add(early[0])


def test_what_was_seen_in_a_stretch_of_time_can_be_forgotten(tmp_path):
    early = around("a mug", [("mug", MUG)])
    middle = around("a cat", [("cat", MUG)], start=200.0, x=20.0)
    late = around("a book", [("book", BOOK)], start=500.0)
    path = tmp_path / "home.sqlite"
    with remember(*early, *middle, *late, path=path) as memory:
        assert memory.forget(after=200 * SECOND, before=231 * SECOND)
        assert same(memory, remember(*early, *late))
        assert memory.forget(after=500 * SECOND)
        assert same(memory, remember(*early))
        memory.add_all(late)  # what is told again is remembered again
        assert same(memory, remember(*early, *late))
    with open_memory(path) as memory:
        assert same(memory, remember(*early, *late))


@pytest.mark.parametrize("limits", [{}, {"before": 5, "after": 5}, {"before": 5, "after": 9}])
def test_a_time_range_without_a_limit_or_with_nothing_in_it_is_refused(limits):
    memory = remember(*around("a mug", [("mug", MUG)]))
    with pytest.raises(TimeRangeError, match=r"got (no time|a time range)"):
        memory.forget(**limits)
    assert memory.status().observations == 4


def test_clearing_leaves_nothing_and_lets_all_come_again(tmp_path):
    views = around("a mug", [("mug", MUG)])
    with remember(*views, path=tmp_path / "home.sqlite", reorder_window=1) as memory:
        memory.clear()
        assert memory.objects() == []
        assert memory.status().observations == 0
        memory.add_all(views)
        assert labels(memory.objects()) == ["mug"]


class _Stumbling(PlainParser):
    def parse(self, caption):
        if "stumble" in caption:
            raise RuntimeError(caption)
        return super().parse(caption)


def test_an_observation_that_can_not_be_folded_leaves_no_trace():
    views = two_robots()
    memory = SceneMemory.open(None, "home", parser=_Stumbling(), words=PlainWords())
    memory.add_all(views)
    for seconds in (25.0, 1000.0):
        with pytest.raises(RuntimeError, match="stumble"):
            memory.add(view("a stumble", seconds, x=5.0))
    assert same(memory, remember(*views))
    assert memory.status().observations == len(views)


def test_bad_numbers_are_refused_and_leave_no_trace():
    memory = open_memory()
    good = view("a mug", 10, [("mug", MUG)])
    bad_pose = replace(good.pose, position=(float("nan"), 0.0, 0.0))
    bad_camera = replace(good.camera, fx=0.0)
    bad_caption = replace(good.caption, confidence=1.5)
    for change in ({"pose": bad_pose}, {"camera": bad_camera}, {"caption": bad_caption}):
        with pytest.raises(ObservationError, match="expected"):
            memory.add(replace(good, **change))
    assert memory.status().observations == 0
