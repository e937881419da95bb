# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import logging
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmser_ros.core.images import PictureError
from mmser_ros.data.example import Example
from mmser_ros.data.picture_sets import open_sets
from mmser_ros.data.set_files import read_examples
from mmser_ros.data.tar_pictures import DatasetError
from test.data.sets import write_set, write_sets


@pytest.fixture
def data(tmp_path):
    return write_sets(tmp_path)


def test_every_set_of_a_split_is_opened_and_every_form_read(data):
    sets = {one.name: one for one in open_sets(data, "dev")}
    assert list(sets) == ["coco", "flickr8k", "nyuv2", "places"]
    assert sets["flickr8k"].examples["b.png"] == Example("flickr8k", "b.png", ("a man", "a boy"))
    assert sets["coco"].examples["a.png"].labels == {"cat", "bed"}
    assert sets["nyuv2"].examples["a.png"] == Example(
        "nyuv2", "a.png", objects=("sofa", "fish tank"), phrases=("two pillows on the sofa",)
    )
    lobby = sets["places"].examples["b.png"]
    assert (lobby.scene, lobby.objects, lobby.labels) == (
        "lobby",
        ("wall", "person standing"),
        None,
    )
    train = {one.name: one for one in open_sets(data, "train", ["houses", "cats_dogs"])}
    assert train["houses"].examples["a.png"].scene == "kitchen"
    assert train["cats_dogs"].examples["a.png"].objects == ("cat",)


def test_pictures_come_in_the_order_of_their_names(data):
    (rooms,) = open_sets(data, "dev", ["nyuv2"])
    pictures = list(rooms.pictures())
    assert [name for name, _ in pictures] == list(rooms.examples) == ["a.png", "b.png"]
    assert pictures[0][1].shape == (20, 30, 3)
    np.testing.assert_array_equal(rooms.picture("b.png"), pictures[1][1])


def test_parts_of_train_do_not_overlap(data):
    def names(part):
        sets = open_sets(data, "train", part=part)
        return {(one.name, name) for one in sets for name in one.examples}

    assert names("validation") == {("flickr8k", "b.png"), ("coco", "a.png")}
    assert names("training") == names("all") - names("validation")
    assert ("houses", "a.png") in names("training")
    with pytest.raises(DatasetError, match="houses has no images in part validation"):
        open_sets(data, "train", ["houses"], part="validation")


def test_what_is_left_out_is_said(tmp_path, caplog):
    captions = {"a.png": ["a"], "b.png": ["b"], "gone.png": ["c"]}
    write_set(tmp_path, "few", "train", ["a.png", "b.png!", "mute.png"], captions=captions)
    (tmp_path / "validation.json").write_text(json.dumps({"few": ["b.png", "lost.png"]}))
    with caplog.at_level(logging.INFO):
        (few,) = open_sets(tmp_path, "train", part="validation")
    assert list(few.examples) == ["b.png"]
    assert few.report() in caplog.text
    for said in (
        "few train: 1 images",
        "1 left out, in the tar but in no file: mute.png",
        "1 left out, in a file but not in the tar: gone.png",
        "1 left out, in validation.json but not in the tar: lost.png",
    ):
        assert said in few.report()
    assert list(few.pictures()) == [("b.png", None)]
    assert few.corrupt == ["b.png"]
    with pytest.raises(PictureError, match=r"train\.tar has no image gone\.png"):
        few.picture("gone.png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("test",), "unknown split 'test'; expected train, dev"),
        (("dev", ["imagenet"]), "no set imagenet with a split dev; .* has coco, flickr8k"),
        (("dev", None, "half"), "unknown part 'half'; expected all, training, validation"),
        (("dev", None, "validation"), "only train has parts"),
    ],
)
def test_what_does_not_exist_is_said_in_words(data, arguments, message):
    with pytest.raises(DatasetError, match=message):
        open_sets(data, *arguments)


def test_missing_and_damaged_files(data, tmp_path_factory):
    with pytest.raises(DatasetError, match="has no set with a split dev"):
        open_sets(tmp_path_factory.mktemp("empty"), "dev")
    (data / "validation.json").write_text("[]")
    with pytest.raises(DatasetError, match=r"validation\.json is not as expected"):
        open_sets(data, "train", part="training")
    (data / "validation.json").unlink()
    with pytest.raises(DatasetError, match=r"can't read .*validation\.json"):
        open_sets(data, "train", part="training")
    (data / "places" / "dev_labels.json").unlink()
    with pytest.raises(DatasetError, match="has no annotations"):
        open_sets(data, "dev", ["places"])
    (data / "coco" / "dev.tar").write_bytes(b"no tar")
    with pytest.raises(DatasetError, match=r"can't read .*dev\.tar"):
        open_sets(data, "dev", ["coco"])


def test_some_pictures_are_spread_over_the_names(tmp_path):
    names = [f"{number}.png" for number in range(9)]
    write_set(tmp_path, "many", "dev", names, labels=dict.fromkeys(names, "kitchen"))
    (many,) = open_sets(tmp_path, "dev")
    assert list(many.spread(3).examples) == ["0.png", "3.png", "6.png"]
    assert list(many.spread(None).examples) == list(many.spread(10).examples) == names


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["scene", "objects", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(kind=st.sampled_from(["captions", "labels", "objects", "phrases"]), value=JSON)
def test_anything_else_is_refused_by_name(kind, value):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"dev_{kind}.json"
        path.write_text(json.dumps({"a.png": value}))
        try:
            example = read_examples(Path(folder), "dev")["a.png"]
        except DatasetError as error:
            assert f"dev_{kind}.json has" in str(error)
            assert "for a.png; expected" in str(error)
        else:
            texts = [*example.captions, *example.objects, *example.phrases, example.scene or ""]
            assert all(isinstance(one, str) for one in [*texts, *(example.labels or ())])
