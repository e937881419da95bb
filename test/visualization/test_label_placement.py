# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st

from mmser_ros.visualization.label_placement import FreeSpots

WIDTH, HEIGHT, GAP, REACH = 200, 120, 5.0, 40.0
pixels = st.floats(0, WIDTH)
sizes = st.tuples(st.floats(3, 60), st.floats(3, 20))


def apart(a, b):
    """Whether two boxes cover no common pixel, give or take the rounding of their edges."""
    return a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1


@given(st.lists(st.tuples(pixels, pixels, sizes), max_size=12))
def test_names_cover_neither_each_other_nor_what_was_there(names):
    spots = FreeSpots(WIDTH, HEIGHT)
    taken = [(80.0, 40.0, 120.0, 60.0)]
    spots.take(taken[0])
    for x, y, size in names:
        box = spots.place((x, y), size, gap=GAP, reach=REACH, crossing=30.0)
        if box is None:
            continue
        assert all(apart(box, other) for other in taken)
        assert min(box) >= -0.5
        assert (box[2] <= WIDTH + 0.5, box[3] <= HEIGHT + 0.5) == (True, True)
        assert math.isclose(box[2] - box[0], size[0])
        near = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
        assert math.dist(near, (x, y)) <= REACH + 5
        taken.append(box)


def test_a_name_stands_beside_its_point_unless_a_line_runs_there():
    def place(crossing, *line):
        spots = FreeSpots(WIDTH, HEIGHT)
        if line:
            spots.draw_line(*line)
        return spots.place((100, 60), (30, 10), gap=GAP, reach=REACH, crossing=crossing)

    line = (100, 60), (199, 60)
    beside = 105, 55, 135, 65
    assert place(30.0) == place(0.0, *line) == beside
    _, top, right, bottom = place(30.0, *line)
    assert right < 100 or bottom < 60 or top > 61


def test_a_full_sheet_has_no_room():
    spots = FreeSpots(WIDTH, HEIGHT)
    spots.take((0, 0, WIDTH, HEIGHT))
    assert spots.place((50, 50), (10, 10), gap=0.0, reach=REACH, crossing=0.0) is None
