# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
from collections import Counter

import pytest
from visualization_msgs.msg import Marker

from benchmarks.made_scenes import around, remember
from mmser_ros.nodes.memory.graph_publisher import SceneGraphStream
from mmser_ros.nodes.memory.markers import scene_markers

OBJECTS = [("mug", (2.0, 0.0, 0.8)), ("table", (2.0, 0.0, 0.4))]


@pytest.fixture(scope="module")
def graph():
    memory = remember(*around("a red mug on a table in a kitchen", OBJECTS))
    return SceneGraphStream(1, 1).update(memory.graph())


def test_everything_is_drawn(graph):
    markers = scene_markers(graph).markers
    assert markers[0].action == Marker.DELETEALL
    assert {one.header.frame_id for one in markers} == {"map"}
    assert len({(one.ns, one.id) for one in markers}) == len(markers)
    layers = Counter(node.layer for node in graph.nodes)
    kinds = Counter(one.ns for one in markers[1:])
    assert kinds["objects"] == kinds["objects: names"] == layers["object"] == 2
    assert kinds["robots"] == kinds["robots: names"] == 1
    assert kinds["rooms: names"] == 1
    dots = next(one for one in markers if one.ns == "places")
    assert len(dots.points) == layers["place"]
    paths = next(one for one in markers if one.ns == "paths")
    assert len(paths.points) == 2 * sum(one.predicate == "path" for one in graph.edges)
    assert {one.text for one in markers if one.text} == {"red mug", "table", "kitchen", "robot"}


def test_objects_view_as_sure_as_they_are(graph):
    mug = next(one for one in graph.nodes if one.label == "mug")
    drawn = [one for one in scene_markers(graph).markers if one.ns == "objects"]
    marker = next(one for one in drawn if one.pose.position == mug.position)
    assert marker.color.a == pytest.approx(mug.probability)
    assert marker.scale.x == pytest.approx(max(0.1, 2 * mug.sigma))


def test_relations_join_their_ends(graph):
    where = {one.id: one.position for one in graph.nodes}
    on = next(one for one in graph.edges if one.predicate == "on")
    line = next(one for one in scene_markers(graph).markers if one.ns == "relations")
    assert list(line.points) == [where[on.source], where[on.target]]
