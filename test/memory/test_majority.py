# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Time is what most observations say."""

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.made_scenes import around, labels, open_memory, remember, view
from mmser_ros.core.types import SECOND
from mmser_ros.memory.majority import QUORUM, TIME_JUMP, latest_trusted
from mmser_ros.memory.observation_checks import ObservationError

DAY = 86400.0
MAN, DOG = (2.0, 0.0, 0.3), (2.0, 0.8, 0.3)
SEEN = around("a man and a dog", [("man", MAN), ("dog", DOG)])
AGAIN = around("a man and a dog", [("man", MAN), ("dog", DOG)], 12, start=60.0)


def same(a, b):
    return nx.utils.graphs_equal(a.graph(), b.graph())


def wrong(count=1, robot="robot"):
    """Observations that see nobody, and say that they are of the next day."""
    return [view("a wall", DAY + i, y=0.3 * i, robot=robot) for i in range(count)]


@pytest.mark.parametrize("robot", ["robot", "other"])
@pytest.mark.parametrize("window", [1, 400])
@pytest.mark.parametrize("count", [1, 3])
def test_a_few_wrong_stamps_forget_nobody(robot, window, count):
    memory = remember(*SEEN, *wrong(count, robot), *AGAIN, reorder_window=window)
    assert labels(memory.objects()) == ["dog", "man"]
    assert memory.status().newest == AGAIN[-1].stamp_ns
    assert memory.status().ahead == count
    assert same(memory, remember(*SEEN, *AGAIN, reorder_window=window))


def test_not_even_before_the_right_ones_come_again():
    memory = remember(*SEEN)
    for one in wrong(3):
        assert memory.add(one)
        assert labels(memory.objects()) == ["dog", "man"]


def test_a_restart_does_not_believe_them_either(tmp_path):
    path = tmp_path / "home.sqlite"
    for views in (SEEN, wrong(), AGAIN):
        with open_memory(path, reorder_window=2, snapshot_every=1) as memory:
            memory.add_all(views)
    with open_memory(path, reorder_window=2) as memory:
        assert labels(memory.find("man")) == ["man"]
        assert memory.status().ahead == 1
        assert memory.forget(after=round(DAY) * SECOND)
        assert (memory.status().ahead, memory.status().observations) == (0, 16)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_in_any_order_they_are_the_same_ones(data):
    views = data.draw(st.permutations([*SEEN, *wrong(3), *AGAIN]))
    assert same(remember(*views), remember(*SEEN, *wrong(3), *AGAIN))


def test_a_new_day_begins_when_it_has_been_seen_often_enough():
    day = around("a man", [("man", MAN)], QUORUM)
    mug = around("a mug", [("mug", MAN)], QUORUM, start=DAY)
    memory = remember(*day, *mug[:-1])
    assert labels(memory.objects()) == ["man"]
    memory.add(mug[-1])
    assert labels(memory.objects()) == ["mug"]


def test_where_a_clock_says_that_it_has_begun_it_begins_at_once():
    mug = around("a mug", [("mug", MAN)], start=DAY)
    assert "mug" not in labels(remember(*SEEN, *AGAIN, *mug).objects())
    told = remember(*SEEN, *AGAIN, *mug, clock=lambda: mug[-1].stamp_ns)
    assert "mug" in labels(told.objects())


stamps = st.lists(st.integers(1, 50 * TIME_JUMP), min_size=1, max_size=2 * QUORUM).map(sorted)


@given(stamps)
def test_most_observations_are_believed(known):
    believed = latest_trusted(known, None)
    late = [one for one in known if one > believed]
    assert believed in known
    assert len(late) < min(QUORUM, len(known) - len(late) or 1) or not late
    assert not late or min(late) - believed > TIME_JUMP
    assert latest_trusted(known, now=known[-1]) == known[-1]


@pytest.mark.parametrize("stamp", [0, -5, 2**31 * SECOND, 2**80])
def test_a_stamp_of_no_clock_is_refused(stamp):
    with pytest.raises(ObservationError, match=f"stamp of {stamp} ns .*expected more"):
        open_memory().add(view("a mug", stamp / SECOND))
