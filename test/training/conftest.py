# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A data set in miniature, in Flickr8k's form."""

import io
import json
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 40, 220), "grey": (128,) * 3}


def write_split(root, split, count, corrupt=()):
    """Pictures of one colour, five captions each that name it; returns the picture names."""
    captions = {}
    with tarfile.open(root / f"{split}.tar", "w") as archive:
        for number in range(count):
            word, shade = list(COLOURS.items())[number % len(COLOURS)]
            name = f"{number}.png"
            file = io.BytesIO()
            Image.fromarray(np.full((20, 30, 3), shade, np.uint8)).save(file, "PNG")
            data = b"junk" if number in corrupt else file.getvalue()
            member = tarfile.TarInfo(f"pictures/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
            captions[name] = [
                f"A {word} wall .",
                f"a wall that is {word}",
                f"The {word} wall is on the left .",
                f"this is a {word} wall",
                f"one {word} wall",
            ]
    (root / f"{split}_captions.json").write_text(json.dumps(captions))
    return list(captions)


def features_of_colours(specialist):
    """Features of pictures of one of four colours each; a channel of the finer level tells which.

    As `CaptionedFeatures.features`: views and pictures → levels.
    """
    coarse, fine = specialist.vision.channels

    def features(views, pictures):
        finer = torch.zeros(len(pictures), 196, fine)
        for row, picture in enumerate(pictures):
            finer[row, :, picture % 4] = 1.0
        return torch.zeros(len(pictures), 49, coarse), finer

    return features


@pytest.fixture
def flickr(tmp_path):
    write_split(tmp_path, "train", 16)
    write_split(tmp_path, "dev", 4)
    return tmp_path
