# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from geometry_msgs.msg import Point
from hypothesis import given
from hypothesis import strategies as st
from mmser_ros.msg import SceneGraph, SceneNode

from mmser_ros.nodes import semantic_mask as module
from mmser_ros.nodes.semantic_mask import semantic_mask, split_classes


def thing(x, y, label="vase", kind="object", sigma=0.0, layer="thing"):
    position = Point(x=float(x), y=float(y))
    return SceneNode(layer=layer, label=label, kind=kind, position=position, sigma=sigma)


def graph(*nodes):
    message = SceneGraph(nodes=list(nodes))
    message.header.frame_id, message.header.stamp.sec = "map", 9
    return message


def value(grid, x, y):
    """Of a point in the map; None outside the mask."""
    column = math.floor((x - grid.info.origin.position.x) / grid.info.resolution + 1e-6)
    row = math.floor((y - grid.info.origin.position.y) / grid.info.resolution + 1e-6)
    if not (0 <= column < grid.info.width and 0 <= row < grid.info.height):
        return None
    return grid.data[row * grid.info.width + column]


def test_only_things_of_the_classes():
    nodes = [thing(1, 1), thing(5, 1, "man", "person"), thing(9, 1, "cup")]
    nodes.append(thing(3, 1, "vase", "", layer="room"))
    grid = semantic_mask(graph(*nodes), split_classes("vase, Person"), 0.5, 0.1)
    assert (grid.header.frame_id, grid.header.stamp.sec) == ("map", 9)
    assert [value(grid, x, 1) for x in (1, 3, 5, 9)] == [100, 0, 100, None]
    assert len(grid.data) == grid.info.width * grid.info.height


coordinates = st.floats(-20, 20, allow_nan=False)


@given(
    st.lists(
        st.tuples(coordinates, coordinates, st.floats(0, 1, width=16)), min_size=1, max_size=4
    ),
    st.floats(0.05, 2),
    st.floats(0, 2 * math.pi),
)
def test_nothing_within_the_radius_is_left_free(things, radius, angle):
    nodes = [thing(x, y, sigma=sigma) for x, y, sigma in things]
    grid = semantic_mask(graph(*nodes), {"vase"}, radius, 0.1)
    cells = np.array(grid.data, np.int8).reshape(grid.info.height, grid.info.width)
    rows, columns = np.nonzero(cells)
    x = grid.info.origin.position.x + (columns + 0.5) * grid.info.resolution
    y = grid.info.origin.position.y + (rows + 0.5) * grid.info.resolution
    away = [np.hypot(x - one[0], y - one[1]) - radius - one[2] for one in things]
    assert np.min(away, axis=0).max() < 0.08  # half a cell's diagonal
    for at_x, at_y, sigma in things:
        for share in (0.0, 0.5, 0.99):
            reach = share * (radius + sigma)
            at = (at_x + reach * math.cos(angle), at_y + reach * math.sin(angle))
            assert value(grid, *at) == 100


def test_without_things_it_is_one_free_cell():
    grid = semantic_mask(graph(thing(1, 1)), {"cup"}, 0.5, 0.1)
    assert (grid.info.width, grid.info.height, list(grid.data)) == (1, 1, [0])


def test_things_far_apart_get_coarser_cells(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10_000)
    grid = semantic_mask(graph(thing(0, 0), thing(50, 50)), {"vase"}, 0.5, 0.1)
    assert grid.info.width * grid.info.height <= 11_000
    assert grid.info.resolution == pytest.approx(0.8)
    assert (value(grid, 0, 0), value(grid, 50, 50), value(grid, 25, 25)) == (100, 100, 0)


def test_classes():
    assert split_classes(" person,, Fire Hydrant ,") == {"person", "fire hydrant"}
    assert split_classes("") == frozenset()
