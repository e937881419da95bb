# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mmser_ros.core.images import PictureError, as_array, load_picture, save_picture


def test_pictures_are_turned_upright(tmp_path):
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    upright = load_picture(tmp_path / "turned.png")
    assert upright.shape == (8, 4, 3)
    assert upright[0].min() == 255
    assert upright[-1].max() == 0


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    Image.new(mode, (5, 4)).save(path)
    assert load_picture(path).shape == (4, 5, 3)


def test_what_is_no_picture(tmp_path):
    (tmp_path / "text.jpg").write_text("text")
    Image.new("RGB", (64, 64)).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    for name in ("text.jpg", "half.png", "gone.png"):
        with pytest.raises(PictureError, match=name):
            load_picture(tmp_path / name)
    endless = PngInfo()
    endless.add_text("comment", "a" * 2_000_000, zip=True)
    Image.new("RGB", (4, 4)).save(tmp_path / "bomb.png", pnginfo=endless)
    with pytest.raises(PictureError, match=r"bomb\.png can't be read"):
        load_picture(tmp_path / "bomb.png")
    with pytest.raises(PictureError, match="suffix"):
        save_picture(np.zeros((4, 4, 3), np.uint8), tmp_path / "picture.what")


def test_an_image_in_any_form_is_one_array(tmp_path):
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "picture.png")
    assert as_array(pixels) is pixels
    for form in (
        image,
        image.convert("RGBA"),
        tmp_path / "picture.png",
        str(tmp_path / "picture.png"),
    ):
        assert np.array_equal(as_array(form), pixels)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5)), r"got an array \(4, 5\) of float64.*astype"),
        (np.zeros((4, 5), np.uint8), r"got an array \(4, 5\) of uint8; expected .*fromarray"),
        (np.zeros((3, 4, 5), np.uint8), r"use image.transpose\(1, 2, 0\)"),
        (np.zeros((0, 5, 3), np.uint8), "it is empty"),
        ([[0, 0, 0]], "got an image of type list; expected a NumPy array"),
    ],
)
def test_what_is_no_image_is_said_in_words(image, message):
    with pytest.raises(PictureError, match=message):
        as_array(image)
