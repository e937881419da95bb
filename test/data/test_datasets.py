# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from mmser_ros.core.images import PictureError
from mmser_ros.data.datasets import DatasetError, Flickr8k, read_sentences
from test.training.conftest import write_split


def test_pictures_come_in_the_order_of_the_captions(flickr):
    data = Flickr8k(flickr, "dev")
    pictures = list(data.pictures())
    assert [name for name, _ in pictures] == list(data.captions)
    assert pictures[0][1].shape == (20, 30, 3)
    np.testing.assert_array_equal(data.picture("3.png"), pictures[3][1])


def test_a_corrupt_or_missing_picture_is_named_and_not_fatal(tmp_path):
    write_split(tmp_path, "train", 3, corrupt=[1])
    captions = json.loads((tmp_path / "train_captions.json").read_text())
    (tmp_path / "train_captions.json").write_text(json.dumps({**captions, "gone.png": ["a"]}))
    data = Flickr8k(tmp_path, "train")
    assert [picture is None for _, picture in data.pictures()] == [False, True, False, True]
    assert data.corrupt == ["1.png", "gone.png"]
    with pytest.raises(PictureError, match=r"train\.tar has no image gone\.png"):
        data.picture("gone.png")


def test_what_is_missing_is_named(flickr):
    with pytest.raises(DatasetError, match=r"test_captions\.json"):
        Flickr8k(flickr, "test")
    (flickr / "dev.tar").write_bytes(b"no tar")
    with pytest.raises(DatasetError, match=r"dev\.tar"):
        list(Flickr8k(flickr, "dev").pictures())
    with pytest.raises(DatasetError, match=r"gone\.txt"):
        read_sentences(flickr / "gone.txt")


def test_sentences_are_the_lines_that_say_something(tmp_path):
    (tmp_path / "text.txt").write_text("a dog\n\n  \na cat\n")
    assert read_sentences(tmp_path / "text.txt") == ["a dog", "a cat"]
