# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from hypothesis import given, settings
from hypothesis import strategies as st
from mmser_ros.msg import SceneGraph, SceneNode

from mmser_ros.nodes.memory import costmap_mask as module
from mmser_ros.nodes.memory.costmap_mask import MaskRule, semantic_mask, split_classes
from mmser_ros.nodes.memory.driven_cells import DrivenCells


def obj(x, y, label="vase", kind="object", sigma=0.0, layer="object", probability=1.0, at=0):
    position = Point(x=float(x), y=float(y))
    return SceneNode(
        id=label, layer=layer, label=label, kind=kind, position=position, sigma=sigma,
        probability=probability, last_seen=Time(sec=at),
    )  # fmt: skip


def graph(*nodes):
    message = SceneGraph(nodes=list(nodes))
    message.header.frame_id, message.header.stamp.sec = "map", 9
    return message


def mask(*nodes, classes="vase", radius=0.5, probability=0.2, resolution=0.1, driven=(), robot=0.2):
    """Of objects, and of where a robot was: (seconds, x, y)."""
    cells = DrivenCells()
    for seconds, x, y in driven:
        cells.add(graph(obj(x, y, "robot", "", layer="robot", at=seconds)))
    rule = MaskRule(split_classes(classes), radius, probability, resolution, robot)
    return semantic_mask(graph(*nodes), rule, cells)


def value(grid, x, y):
    """Of a point in the map; None outside the mask."""
    column = math.floor((x - grid.info.origin.position.x) / grid.info.resolution + 1e-6)
    row = math.floor((y - grid.info.origin.position.y) / grid.info.resolution + 1e-6)
    if not (0 <= column < grid.info.width and 0 <= row < grid.info.height):
        return None
    return grid.data[row * grid.info.width + column]


def marked(grid):
    """Square metres."""
    return np.count_nonzero(np.array(grid.data)) * grid.info.resolution**2


def test_only_objects_of_the_classes():
    nodes = [obj(1, 1), obj(5, 1, "man", "person"), obj(9, 1, "cup")]
    nodes.append(obj(3, 1, "vase", "", layer="room"))
    grid = mask(*nodes, classes="vase, Person")
    assert (grid.header.frame_id, grid.header.stamp.sec) == ("map", 9)
    assert [value(grid, x, 1) for x in (1, 3, 5, 9)] == [100, 0, 100, None]
    assert len(grid.data) == grid.info.width * grid.info.height


coordinates = st.floats(-20, 20, allow_nan=False)
objects = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=4)


@settings(deadline=None)
@given(objects, st.floats(0.05, 2), st.floats(0, 2 * math.pi))
def test_of_what_is_surely_there_nothing_within_the_radius_is_left_free(objects, radius, angle):
    grid = mask(*(obj(*one) for one in objects), radius=radius)
    cells = np.array(grid.data, np.int8).reshape(grid.info.height, grid.info.width)
    rows, columns = np.nonzero(cells)
    x = grid.info.origin.position.x + (columns + 0.5) * grid.info.resolution
    y = grid.info.origin.position.y + (rows + 0.5) * grid.info.resolution
    away = [np.hypot(x - one[0], y - one[1]) - radius for one in objects]
    assert np.min(away, axis=0).max() < 0.08  # half a cell's diagonal
    for at_x, at_y in objects:
        for share in (0.0, 0.5, 0.99):
            reach = share * radius
            at = (at_x + reach * math.cos(angle), at_y + reach * math.sin(angle))
            assert value(grid, *at) == 100


@settings(deadline=None)
@given(st.floats(0.1, 1), st.floats(0.1, 0.8), st.floats(0.05, 0.9), st.floats(0.3, 1))
def test_a_cell_is_marked_by_the_probability_that_the_object_is_near(
    radius, sigma, probability, there
):
    grid = mask(
        obj(0, 0, sigma=sigma, probability=there),
        radius=radius, probability=probability, resolution=0.05,
    )  # fmt: skip
    where = np.random.default_rng(0).normal(0, sigma / math.sqrt(3), (20_000, 2))
    for x in np.arange(0, 2, 0.1) + 0.025:
        chance = there * np.mean(np.hypot(where[:, 0] - x, where[:, 1] - 0.025) < radius)
        near = there * np.mean(np.hypot(where[:, 0] - x, where[:, 1] - 0.025) < radius + 0.04)
        if chance >= probability + 0.02:
            assert value(grid, x, 0.025) == 100
        if near < probability - 0.02:
            assert value(grid, x, 0.025) in (0, None)


def test_a_person_known_without_depth_does_not_close_the_map():
    vague = obj(0, 0, "man", "person", sigma=2.5, probability=0.95)
    assert marked(mask(vague, classes="person")) == 0.0
    known = obj(0, 0, "man", "person", sigma=0.3, probability=0.95)
    assert 0.5 < marked(mask(known, classes="person")) < 2.0
    doubtful = obj(0, 0, "man", "person", sigma=0.3, probability=0.1)
    assert marked(mask(doubtful, classes="person")) == 0.0


def test_where_robots_have_driven_since_it_was_seen_stays_free():
    way = [(10 + number, -1.0 + 0.25 * number, 0.3) for number in range(9)]
    grid = mask(obj(0, 0, at=5), driven=way)
    assert [value(grid, x, 0.3) for x in (-0.2, 0.0, 0.13, 0.2)] == [0, 0, 0, 0]
    assert [value(grid, x, y) for x, y in ((0.0, 0.0), (0.2, -0.3))] == [100, 100]
    before = mask(obj(0, 0, at=30), driven=way)
    assert value(before, 0.0, 0.3) == 100
    apart = mask(obj(0, 0, at=5), driven=[(10, -1.0, 0.3), (60, 1.0, 0.3)])
    assert value(apart, 0.0, 0.3) == 100  # nobody knows how it came there
    assert marked(mask(obj(0, 0, at=5), driven=way, robot=0.0)) == marked(mask(obj(0, 0)))


def test_a_robot_that_stands_or_comes_back_is_tracked():
    waiting = [(10 + number, 0.0, 0.0) for number in range(20)]
    cells = DrivenCells()
    for seconds, x, y in [*waiting, (31, 0.2, 0.0), (32, 0.0, 0.0)]:
        cells.add(graph(obj(x, y, "robot", "", layer="robot", at=seconds)))
    assert [one[0] // 10**9 for one in cells._paths["robot"]] == [10, 29, 31, 32]
    assert value(mask(obj(0, 0, at=28), driven=waiting), 0.0, 0.0) == 0
    assert value(mask(obj(0, 0, at=29), driven=waiting), 0.0, 0.0) == 100


def test_without_objects_it_is_one_free_cell():
    grid = mask(obj(1, 1), classes="cup")
    assert (grid.info.width, grid.info.height, list(grid.data)) == (1, 1, [0])


def test_an_object_without_a_radius_is_a_cell():
    assert value(mask(obj(1.05, 1.05), radius=0.0), 1.05, 1.05) == 100


def test_objects_far_apart_get_coarser_cells(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10_000)
    grid = mask(obj(0, 0), obj(50, 50))
    assert grid.info.width * grid.info.height <= 11_000
    assert grid.info.resolution == pytest.approx(0.8)
    assert (value(grid, 0, 0), value(grid, 50, 50), value(grid, 25, 25)) == (100, 100, 0)


def test_classes():
    assert split_classes(" person,, Fire Hydrant ,") == {"person", "fire hydrant"}
    assert split_classes("") == frozenset()
