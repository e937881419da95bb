# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.core.word_diff import Words, share_changed, word_changes

captions = st.text() | st.lists(st.sampled_from(["a", "A", "cat", "cat.", "on", "."])).map(" ".join)


def words(caption):
    """What counts in the first of two captions."""
    return [word.lower().rstrip(".") for word in caption.split() if word.strip(".")]


@given(captions, captions)
def test_both_captions_can_be_read_from_it(before, after):
    changes = word_changes(before, after)

    def read(*fates):
        return " ".join(one.text for one in changes if one.kind in fates)

    assert words(read("kept", "removed")) == words(before)
    assert read("kept", "added") == " ".join(after.split())


@given(captions, captions)
def test_the_share_is_of_the_words_that_changed(before, after):
    changed = sum(
        len(one.text.split()) for one in word_changes(before, after) if one.kind != "kept"
    )
    total = len(words(before)) + len(after.split())
    assert share_changed(before, after) == pytest.approx(changed / max(1, total))


def test_what_stays_is_kept():
    assert word_changes("a cat on a red chair", "a dog on a chair") == [
        Words("kept", "a"),
        Words("removed", "cat"),
        Words("added", "dog"),
        Words("kept", "on a"),
        Words("removed", "red"),
        Words("kept", "chair"),
    ]
    assert word_changes("", "") == []


def test_case_and_periods_are_no_change():
    assert word_changes("A dog on a chair .", "a dog on a chair") == [
        Words("kept", "a dog on a chair")
    ]
    assert word_changes("A cat sits.", "a cat stands") == [
        Words("kept", "a cat"),
        Words("removed", "sits."),
        Words("added", "stands"),
    ]
