# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mmser_ros.pictures import INKS, PictureError, draw_caption, load_picture, save_picture


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


@pytest.mark.parametrize("caption", ["a dog", "a dog " * 60, ""])
def test_a_caption_stands_under_the_picture(picture, caption):
    page = draw_caption(picture, caption)
    np.testing.assert_array_equal(page[: len(picture)], picture)
    below = page[len(picture) :]
    assert below.shape[1] == picture.shape[1]
    assert (below.min() < 100) == bool(caption)


@pytest.fixture
def wide(picture):
    return np.repeat(np.repeat(picture, 16, 0), 16, 1)


def test_words_that_changed_are_marked(wide):
    def inks(caption, initial):
        below = draw_caption(wide, caption, initial)[len(wide) :].reshape(-1, 3)
        return {fate: int((below == ink).all(axis=1).sum()) for fate, ink in INKS.items()}

    plain = inks("a dog runs", None)
    assert plain == inks("a dog runs", "a dog runs")
    assert (plain["removed"], plain["added"]) == (0, 0)
    changed = inks("a dog runs", "a cat runs")
    assert min(changed.values()) > 0
    lost = inks("a dog runs", "a dog runs fast")
    assert lost["removed"] > 0 == lost["added"]
    assert lost["kept"] == plain["kept"]


def test_a_long_caption_stays_inside(wide):
    for caption in ("dog " * 60, "d" * 300):
        below = draw_caption(wide, caption)[len(wide) :]
        assert len(below) > 80
        assert below[:, -9:].min() == 255
