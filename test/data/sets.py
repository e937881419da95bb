# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A folder of sets, each of its kind, with pictures of one colour."""

import io
import json
import tarfile

import numpy as np
from PIL import Image


def write_set(data, name, split, pictures, *, shade=0, **files):
    """Write `<data>/<name>/<split>.tar` and its JSON files.

    Args:
        data: folder of sets.
        name: of the set.
        split: `train` or `dev`.
        pictures: names; each is grey of its own shade. A name that ends in "!" is written without
            it and as junk.
        shade: grey of the first picture, 0 to 255; the next ones are brighter.
        files: kind → content of `<split>_<kind>.json`.
    """
    folder = data / name
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / f"{split}.tar", "w") as archive:
        for number, picture in enumerate(pictures):
            file = io.BytesIO()
            Image.fromarray(np.full((20, 30, 3), shade + number, np.uint8)).save(file, "PNG")
            content = b"junk" if picture.endswith("!") else file.getvalue()
            member = tarfile.TarInfo(picture.rstrip("!"))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    for kind, content in files.items():
        (folder / f"{split}_{kind}.json").write_text(json.dumps(content))


def write_sets(data):
    """Write a set of each kind: `dev` of four, `train` of some; returns the folder."""
    captions = {"a.png": ["a dog on the grass", "the dog runs"], "b.png": ["a man", "a boy"]}
    write_set(data, "flickr8k", "dev", ["a.png", "b.png"], captions=captions)
    write_set(data, "flickr8k", "train", ["a.png", "b.png"], captions=captions)
    coco = {"a.png": ["a cat on a bed"], "b.png": ["a dining room with a table"]}
    labels = {"a.png": ["cat", "bed"], "b.png": ["dining table", "chair"]}
    write_set(data, "coco", "dev", ["a.png", "b.png"], captions=coco, labels=labels)
    write_set(data, "coco", "train", ["a.png", "b.png", "c.png"], captions=coco, labels=labels)
    write_set(
        data,
        "nyuv2",
        "dev",
        ["b.png", "a.png"],
        objects={"a.png": ["sofa", "fish tank"], "b.png": ["chair"]},
        phrases={"a.png": ["two pillows on the sofa"], "b.png": ["a man at the desk"]},
    )
    boxes = [["wall", 1, 1, 9, 9], ["person standing", 2, 2, 4, 8], ["wall", 0, 0, 3, 3]]
    scenes = {"a.png": {"scene": "living room"}, "b.png": {"scene": "lobby", "objects": boxes}}
    write_set(data, "places", "dev", ["a.png", "b.png"], labels=scenes)
    write_set(data, "houses", "train", ["a.png"], labels={"a.png": "kitchen"})
    write_set(data, "cats_dogs", "train", ["a.png"], labels={"a.png": "cat"})
    (data / "validation.json").write_text(json.dumps({"flickr8k": ["b.png"], "coco": ["a.png"]}))
    words = {
        "alike": {"sofa": ["couch", "sofa"], "chair": ["chair", "chairs"]},
        "indoor": ["couch", "sofa", "chair", "chairs", "pillow", "pillows", "desk", "lamp"],
        "living": ["man", "dog"],
        "outdoors": ["grass", "street"],
    }
    (data / "rooms_words.json").write_text(json.dumps(words))
    return data
