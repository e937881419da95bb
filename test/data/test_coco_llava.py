# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmser_ros.core.images import PictureError
from mmser_ros.data.coco_llava import open_data
from mmser_ros.data.datasets import DatasetError, Flickr8k

COCO = {
    "images": [
        {"id": 7, "file_name": "red.png"},
        {"id": 3, "file_name": "torn.jpg"},
        {"id": 4, "file_name": "gone.jpg"},
        {"id": 9, "file_name": "unsaid.png"},
    ],
    "annotations": [
        {"image_id": 3, "id": 1, "caption": "A torn picture"},
        {"image_id": 7, "id": 2, "caption": "A red wall."},
        {"image_id": 4, "id": 3, "caption": "Gone"},
        {"image_id": 7, "id": 4, "caption": "red, all of it"},
    ],
}
ASKED = {"from": "human", "value": "<image>\nWhat is this?"}
LLAVA = [
    {"image": "some/red.png", "conversations": [ASKED, {"from": "gpt", "value": "A red wall."}]},
    {"id": "text only", "conversations": [ASKED, {"from": "gpt", "value": "Hello."}]},
    {
        "image": "torn.jpg",
        "conversations": [ASKED, {"from": "gpt", "value": "Torn"}, ASKED, {"from": "gpt"}],
    },
    {"image": "gone.jpg", "conversations": [{"from": "gpt", "value": "Gone"}]},
    {"image": "some/red.png", "conversations": [ASKED, {"from": "gpt", "value": "Red"}]},
]


def put_pictures(folder, red):
    (folder / red).parent.mkdir(parents=True)
    Image.new("RGB", (30, 20), "red").save(folder / red)
    whole = folder / "whole.jpg"
    Image.effect_noise((64, 64), 80).save(whole)
    (folder / "torn.jpg").write_bytes(whole.read_bytes()[:900])


def unreadable(data):
    return [name for name, picture in data.pictures() if picture is None]


@pytest.mark.parametrize("by_folder", [True, False])
def test_coco(tmp_path, by_folder):
    put_pictures(tmp_path / "train2017", "red.png")
    file = tmp_path / "annotations" / "captions_train2017.json"
    file.parent.mkdir()
    file.write_text(json.dumps(COCO))
    images = None if by_folder else tmp_path / "train2017"
    data = open_data(tmp_path if by_folder else file, "train", images)
    assert data.captions == {
        "torn.jpg": ["A torn picture"],
        "red.png": ["A red wall.", "red, all of it"],
        "gone.jpg": ["Gone"],
    }
    assert unreadable(data) == data.corrupt == ["torn.jpg", "gone.jpg"]
    assert data.picture("red.png").shape == (20, 30, 3)
    np.testing.assert_array_equal(data.picture("red.png")[0, 0], (255, 0, 0))
    with pytest.raises(PictureError, match=r"no such image: .*gone\.jpg"):
        data.picture("gone.jpg")


def test_llava(tmp_path):
    put_pictures(tmp_path, "some/red.png")
    (tmp_path / "chat.json").write_text(json.dumps(LLAVA))
    data = open_data(tmp_path / "chat.json", "train")
    assert data.captions == {
        "some/red.png": ["A red wall.", "Red"],
        "torn.jpg": ["Torn"],
        "gone.jpg": ["Gone"],
    }
    assert data.split == "chat"
    assert unreadable(data) == data.corrupt == ["torn.jpg", "gone.jpg"]


def test_flickr8k_is_known_by_its_captions(flickr):
    assert isinstance(open_data(flickr, "dev"), Flickr8k)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "3",
        "[3]",
        '["image"]',
        "[]",
        "{}",
        json.dumps({**COCO, "images": []}),
        json.dumps([{"image": "red.png", "conversations": [ASKED]}]),
        json.dumps([{"image": "red.png"}]),
        json.dumps([{"image": 3, "conversations": [{"from": "gpt", "value": "Red"}]}]),
    ],
)
def test_other_json_is_refused(tmp_path, content):
    (tmp_path / "odd.json").write_text(content)
    with pytest.raises(DatasetError, match=r"can't read .*odd\.json .* expected a folder with"):
        open_data(tmp_path / "odd.json", "train")


KEYS = [
    "images",
    "annotations",
    "id",
    "image_id",
    "file_name",
    "caption",
    "image",
    "conversations",
    "from",
    "value",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["gpt", "a.png", ""]),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(KEYS), one, max_size=4),
)


@given(JSON)
def test_any_json_is_read_or_refused(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_text(json.dumps(content))
    try:
        data = open_data(file, "train")
    except DatasetError:
        return
    assert data.captions
    for name, captions in data.captions.items():
        assert isinstance(name, str)
        assert captions
        assert all(isinstance(caption, str) for caption in captions)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no captioned images .* of split train; expected"):
        open_data(tmp_path, "train")
    (tmp_path / "annotations").mkdir()
    for year in (2014, 2017):
        (tmp_path / "annotations" / f"captions_train{year}.json").write_text("{}")
    with pytest.raises(DatasetError, match="2 files for train; expected one"):
        open_data(tmp_path, "train")
