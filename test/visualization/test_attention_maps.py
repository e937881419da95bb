# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mmser_ros.captioner.grounding import Explanation
from mmser_ros.core.types import Region
from mmser_ros.visualization.attention_maps import COLUMNS, TILE, draw_explanation


def explanation(words, cells, view):
    maps = np.full((len(words), 7, 7), 1e-3)
    for number, (row, column) in enumerate(cells):
        maps[number, row, column] = 1
    return Explanation(tuple(words), maps, view, ())


def tile(page, number, height):
    return page[:height, number * TILE : (number + 1) * TILE].astype(int)


@pytest.mark.parametrize(
    ("view", "bright"), [(Region(0, 0, 320, 160), 150), (Region(80, 0, 160, 160), 115)]
)
def test_a_picture_glows_where_its_word_came_from(view, bright):
    image = np.full((160, 320, 3), 200, np.uint8)
    page = draw_explanation(image, "title", explanation("ab", [(3, 6), (0, 0)], view))
    assert page.shape[1] == TILE * COLUMNS
    plain, first, second = (tile(page, number, 80)[:, :, 0] for number in range(3))
    assert plain.min() == 200  # the picture as it is comes first
    assert abs(int(first[40].argmax()) - bright) < 10
    assert first.max() > 200
    assert first[:, :20].max() < 110
    assert second[:10, :].max() > 200
    assert second[40:, :].max() < 110


def test_words_stand_under_the_pictures_in_rows_of_six():
    image = np.zeros((50, 100, 3), np.uint8)
    view = Region(0, 0, 100, 50)
    few, many = (
        draw_explanation(image, "title", explanation("abcdefg"[:n], [(0, 0)] * n, view))
        for n in (2, 7)
    )
    assert len(many) > 1.5 * len(few)
    assert few[80:100, TILE : 2 * TILE].min() < 100  # ink
    assert len(draw_explanation(image, "", explanation("", [], view))) > 80
