# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.made_scenes import open_memory, view
from mmser_ros.nodes.memory.digests import NANOSECONDS, DigestIndex

entries = st.dictionaries(st.integers(0, 5 * NANOSECONDS), st.integers(0, 2**64 - 1), max_size=20)


def index(journal):
    rows = [(number, stamp, f"{one:016x}") for number, (stamp, one) in enumerate(journal, 1)]
    return DigestIndex(lambda after: rows[after:])


@given(entries, st.integers(0, 5 * NANOSECONDS), st.integers(1, 2**64 - 1))
def test_what_one_journal_has_more_is_found(journal, stamp, digest):
    less, more = index(journal.items()), index([*journal.items(), (stamp, digest)])
    assert more.differing(less.sums(), since=0, quiet=0.0) == [stamp // NANOSECONDS]
    assert more.differing(more.sums(), since=0, quiet=0.0) == []
    held = {one // NANOSECONDS for one in journal}
    expected = [stamp // NANOSECONDS] if stamp // NANOSECONDS in held else []
    assert less.differing(more.sums(), since=0, quiet=0.0) == expected


@given(entries, st.randoms())
def test_the_order_of_arrival_does_not_matter(journal, random):
    shuffled = list(journal.items())
    random.shuffle(shuffled)
    assert index(shuffled).sums() == index(journal.items()).sums()


def test_what_is_forgotten_there_is_not_sent():
    mine = index([(NANOSECONDS // 2, 1), (3 * NANOSECONDS, 2)])
    assert mine.differing({}, since=0, quiet=0.0) == [0, 3]
    assert mine.differing({}, since=2 * NANOSECONDS, quiet=0.0) == [3]
    assert mine.differing({}, since=4 * NANOSECONDS, quiet=0.0) == []


def test_what_is_still_coming_in_waits():
    memory = open_memory()
    memory.add(view("a mug", 10))
    mine = DigestIndex(memory.digests)
    memory.add(view("a mug", 50))
    assert mine.differing({}, since=0, quiet=3600.0) == [0]
    assert mine.differing({}, since=0, quiet=0.0) == [0, 2]


def test_repeats_and_forgetting():
    mine, other = open_memory(), open_memory()
    for one in (view("a mug", 10), view("a cup", 12), view("a mug", 10)):
        mine.add(one)
    other.add(view("a cup", 12))
    here, there = DigestIndex(mine.digests), DigestIndex(other.digests)
    assert here.sums() != there.sums()
    mine.forget(before=11 * 10**9)
    here.rebuild_index()
    assert here.sums() == there.sums()
    assert mine.forgotten == 11 * 10**9
    assert [one.stamp_ns for one in mine.observations()] == [12 * 10**9]
    assert mine.observations(0, 12 * 10**9) == []


def test_a_bad_number_is_no_digest():
    with pytest.raises(ValueError, match="base 16"):
        DigestIndex(lambda after: [(1, 0, "not hexadecimal")])
