# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import math

import networkx as nx
import numpy as np
import pytest
from PIL import ImageColor

from mmser_ros.visualization.room_outlines import KIND_COLOURS, ROOM_COLOURS
from mmser_ros.visualization.scene_map import FOOT, HEAD, draw_map

SEEN = {"first_seen": 0, "last_seen": 0, "moves": 0, "room": "", "caption_stamp": 0}


def graph(*objects, places=()):
    """Objects are (kind, x, y, changes); places are those of one kitchen, one way through them."""
    plain = nx.MultiDiGraph(map_id="home", frame="map", stale=False, stamp=10**18)
    for number, (kind, x, y, changes) in enumerate(objects):
        data = {"label": "it", "attributes": "", "probability": 1.0, "sigma": 0.1, **changes}
        data |= {"caption": "", "robot": "robot", **SEEN}
        plain.add_node(number, layer="object", kind=kind, x=x, y=y, z=0.0, **data)
    for x, y in places:
        plain.add_node("r", layer="room", label="kitchen", x=places[0][0], y=places[0][1], z=0.0)
        plain.add_node(f"p{x},{y}", layer="place", label="", x=x, y=y, z=0.0)
        plain.add_edge("r", f"p{x},{y}", "contains")
    return plain


def inked(picture, colour):
    """Rows and columns of the map's pixels, without legend, that have a colour."""
    found = np.abs(picture[HEAD:-FOOT].astype(int) - ImageColor.getrgb(colour)).max(-1) < 12
    return np.argwhere(found)


def middle(picture, kind):
    return inked(picture, KIND_COLOURS[kind]).mean(0)


def test_objects_are_drawn_where_they_are():
    corners = {"object": (0.0, 0.0), "person": (4.0, 0.0), "vehicle": (0.0, 3.0)}
    picture = draw_map(graph(*((kind, x, y, {}) for kind, (x, y) in corners.items())))
    spots = {kind: middle(picture, kind) for kind in corners}
    right, up = spots["person"] - spots["object"], spots["vehicle"] - spots["object"]
    assert right == pytest.approx([0, right[1]], abs=1)
    assert up == pytest.approx([-0.75 * right[1], 0], abs=1)
    assert right[1] > 400
    assert picture.dtype == np.uint8


def test_what_is_less_believed_is_fainter_and_what_is_unsure_wider():
    def darkness(**changes):
        objects = ("person", 0.0, 0.0, {"label": "", **changes}), ("object", 9.0, 5.0, {})
        page = draw_map(graph(*objects))
        page = page[:, : page.shape[1] // 2]
        return 255 - page[HEAD:-FOOT, :, 1].astype(float)

    sure, doubted, lost = darkness(), darkness(probability=0.6), darkness(sigma=1.0)
    assert doubted.max() < sure.max()
    assert (lost > 10).sum() > 5 * (sure > 10).sum()


def test_relations_and_ways_are_lines_and_rooms_are_coloured():
    ends = [("object", 0.0, 0.0, {}), ("furniture", 4.0, 0.0, {})]
    plain = graph(*ends, places=[(0.0, 2.0), (4.0, 2.0)])
    before = draw_map(plain)
    plain.add_edge(0, 1, "on", probability=0.9, geometry=1, caption="it on it")
    related = draw_map(plain)
    plain.add_edge("p0.0,2.0", "p4.0,2.0", "path", length=4.0)
    plain.add_edge("p4.0,2.0", "p0.0,2.0", "path", length=4.0)
    driven = draw_map(plain)
    row, left = middle(before, "object")
    _, right = middle(before, "furniture")
    for first, second, above in ((before, related, 0.0), (related, driven, 2.0)):
        changed = np.argwhere((first != second).any(-1)[HEAD:-FOOT])
        height = row - above * (right - left) / 4
        assert np.abs(np.median(changed[:, 0]) - height) < 3
        assert changed[:, 1].max() - changed[:, 1].min() > 0.9 * (right - left)
    assert len(inked(before, ROOM_COLOURS[0])) > 500  # the outline


def test_names_never_hide_objects():
    crowd = [("object", 0.3 * i, 0.3 * j, {}) for i in range(8) for j in range(8)]
    named = [(*one[:3], {"label": "a long name of an object"}) for one in crowd]
    dots = [len(inked(draw_map(graph(*some)), KIND_COLOURS["object"])) for some in (crowd, named)]
    assert dots[1] == pytest.approx(dots[0], rel=0.02)  # lines to names cross some


@pytest.mark.parametrize("span", [0.0, 40_000.0])
def test_maps_of_any_size_can_be_drawn(span):
    picture = draw_map(graph(("object", span, 0.0, {}), ("place", 0.0, -span / 3, {})))
    assert math.prod(picture.shape[:2]) < 4_000_000


def test_an_empty_memory_is_an_empty_map():
    assert len(inked(draw_map(graph()), KIND_COLOURS["object"])) == 0
