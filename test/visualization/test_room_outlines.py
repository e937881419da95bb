# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import cv2
import networkx as nx
import numpy as np

from mmser_ros.visualization.room_outlines import NO_COLOUR, REACH, room_colours, room_outlines


def two_rooms():
    """Places of a kitchen along x = 0 to 4, of an office along 5.2 to 9, and an object of each."""
    plain = nx.MultiDiGraph(map_id="home", frame="map", stale=False, stamp=0)
    for room, label, xs in (("r1", "kitchen", range(5)), ("r2", "office", (5.2, 7, 8, 9))):
        plain.add_node(room, layer="room", label=label, x=xs[0], y=0.0, z=0.0)
        for x in xs:
            plain.add_node(f"{room} {x}", layer="place", label=label, x=x, y=0.0, z=0.0)
            plain.add_edge(room, f"{room} {x}", "contains")
        plain.add_node(f"{room} mug", layer="object", label="mug", x=xs[2], y=1.5, z=0.0)
        plain.add_edge(f"{room} {xs[2]}", f"{room} mug", "contains")
    return plain


def inside(outlines, x, y):
    return any(cv2.pointPolygonTest(np.float32(one), (x, y), False) > 0 for one in outlines)


def test_outlines_hold_what_is_in_a_room_and_nothing_of_the_next():
    plain = two_rooms()
    outlines = room_outlines(plain)
    assert outlines.keys() == {"r1", "r2"}
    for name, data in plain.nodes(data=True):
        for room, polygons in outlines.items():
            assert inside(polygons, data["x"], data["y"]) == name.startswith(room), name
    assert inside(outlines["r1"], 4.4, 0.0)  # nearer to the kitchen, within reach of both
    assert inside(outlines["r2"], 4.8, 0.0)
    assert inside(outlines["r1"], 2.0, 1.5 + 0.8 * REACH)
    assert not inside(outlines["r1"], 2.0, 1.5 + 1.2 * REACH)


def test_a_label_is_a_colour():
    plain = two_rooms()
    plain.add_node("r3", layer="room", label="kitchen", x=0.0, y=9.0, z=0.0)
    plain.add_node("r4", layer="room", label="", x=0.0, y=19.0, z=0.0)
    colours = room_colours(plain)
    assert colours["r1"] == colours["r3"] != colours["r2"]
    assert colours["r4"] == NO_COLOUR


def test_no_rooms_no_outlines():
    assert room_outlines(nx.MultiDiGraph()) == {}
