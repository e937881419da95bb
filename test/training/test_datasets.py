# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from mmser_ros.training.datasets import DatasetError, Flickr8k, read_sentences
from test.training.conftest import write_split


def test_pictures_come_in_the_order_of_the_captions(flickr):
    data = Flickr8k(flickr, "dev")
    pictures = list(data.pictures())
    assert [name for name, _ in pictures] == list(data.captions)
    assert pictures[0][1].shape == (20, 30, 3)
    assert [name for name, _ in data.pictures(skip=3)] == ["3.png"]


def test_a_corrupt_picture_is_named_and_not_fatal(tmp_path):
    write_split(tmp_path, "train", 3, corrupt=[1])
    data = Flickr8k(tmp_path, "train")
    assert [picture is None for _, picture in data.pictures()] == [False, True, False]
    assert data.corrupt == ["1.png"]


def test_what_is_missing_is_named(flickr):
    with pytest.raises(DatasetError, match=r"test_captions\.json"):
        Flickr8k(flickr, "test")
    captions = json.loads((flickr / "dev_captions.json").read_text())
    (flickr / "dev_captions.json").write_text(json.dumps({**captions, "gone.png": ["a"]}))
    with pytest.raises(DatasetError, match=r"lacks 1 .* gone\.png"):
        list(Flickr8k(flickr, "dev").pictures())
    (flickr / "dev.tar").write_bytes(b"no tar")
    with pytest.raises(DatasetError, match=r"dev\.tar"):
        list(Flickr8k(flickr, "dev").pictures())
    with pytest.raises(DatasetError, match=r"gone\.txt"):
        read_sentences(flickr / "gone.txt")


def test_sentences_are_the_lines_that_say_something(tmp_path):
    (tmp_path / "text.txt").write_text("a dog\n\n  \na cat\n")
    assert read_sentences(tmp_path / "text.txt") == ["a dog", "a cat"]
