# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.language.simplify import Rewriter
from mmser_ros.language.word_lists import CaptionWords

REWRITER = Rewriter(CaptionWords.read().rewritten)


@pytest.mark.parametrize(
    ("caption", "text"),
    [
        ("A close-up of a group of cats.", "some cats."),
        ("a black and white photo of a train", "a train"),
        ("on the far side of the road", "on the road"),
        ("a man taking a picture of a bird", "a man taking a bird"),
        ("a picture of a dog on a wall", "a dog on a wall"),
        ("on the wall, a picture of a dog", "on the wall, a picture of a dog"),
        ("a large pile of old books", "some old books"),
        ("a slice of a pizza", "a pizza"),
        ("a man and a couple of dogs", "a man and two dogs"),
        ("a  Photo\tof\n a cat", "a cat"),
        ("a missing tile", "a missing tile"),
        ("a chair missing a leg", "a chair without a leg"),
    ],
)
def test_simpler_words(caption, text):
    assert REWRITER.rewrite(caption).text == text


def test_what_the_longer_wording_meant_is_kept():
    rewritten = REWRITER.rewrite("What appears to be a cup to the left of it; it might be a mug")
    assert rewritten.text == "a cup near it; it is a mug"
    meant = [(rewritten.text[at:].split()[0], meaning) for at, meaning in rewritten.marks]
    assert meant == [("a", "hedged"), ("near", "left of"), ("a", "hedged")]


@given(st.text(alphabet=st.characters(), max_size=60))
def test_every_word_is_found_again(text):
    rewritten = REWRITER.rewrite(text)
    assert len(rewritten.spans) == len(rewritten.text)
    assert list(rewritten.spans) == sorted(rewritten.spans)
    assert all(0 <= start < end <= len(text) for start, end in rewritten.spans)
    assert all(0 <= at <= len(rewritten.text) for at, _ in rewritten.marks)
