# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mmser_ros.visualization.caption_overlay import INKS, draw_caption


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
