# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from mmser_ros.data.datasets import DatasetError, Flickr8k
from mmser_ros.training.readable_images import leave_out_unreadable, open_readable
from test.training.conftest import write_split


def watch(items, _description, total):
    watch.totals.append(total)
    yield from items


def test_unreadable_pictures_are_left_out_counted_and_named_once(tmp_path, capsys):
    watch.totals = []
    write_split(tmp_path, "train", 9, corrupt=[1, 3, 4, 8])
    for _ in range(2):
        data = open_readable(tmp_path, None, tmp_path / "work", watch)
        assert list(data.captions) == ["0.png", "2.png", "5.png", "6.png", "7.png"]
        said = " ".join(capsys.readouterr().err.split())
        assert "4 of 9 images can't be read: 1.png, 3.png, 4.png, …" in said
    assert watch.totals == [1]
    [found] = (tmp_path / "work" / "pictures").iterdir()
    unreadable = json.loads(found.read_text())
    assert list(unreadable) == ["1.png", "3.png", "4.png", "8.png"]
    assert "is not an image" in unreadable["8.png"]


def test_nothing_is_said_where_all_can_be_read(flickr, tmp_path, capsys):
    data = Flickr8k(flickr, "dev")
    leave_out_unreadable(data, tmp_path / "found", lambda items, *_: items)
    assert len(data.captions) == 4
    assert capsys.readouterr().err == ""


def test_data_without_any_picture_ends_the_run(tmp_path):
    write_split(tmp_path, "train", 2, corrupt=[0, 1])
    with pytest.raises(DatasetError, match=r"none of 2 images can be read: 0\.png"):
        leave_out_unreadable(
            Flickr8k(tmp_path, "train"), tmp_path / "found", lambda items, *_: items
        )
