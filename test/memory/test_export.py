# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The graph in other programs' formats."""

import json

import networkx as nx
import pytest

from benchmarks.made_scenes import around, remember, view
from mmser_ros.memory.export import ExportError, read_graph, write_graph
from test.memory.storage.test_store import full_disk

OBJECTS = [("mug", (2.0, -0.8, 0.3)), ("table", (2.0, -0.7, -0.2))]


@pytest.fixture(scope="module")
def graph():
    drive = [view("a hallway", 45 + i, x=-0.5 * (i + 2)) for i in range(6)]
    return remember(*around("a kitchen with a red mug on a table", OBJECTS), *drive).graph()


def test_layers_and_edges_hang_together(graph):
    layers = nx.get_node_attributes(graph, "layer")
    assert set(layers.values()) == {"room", "place", "object", "robot"}
    mug = next(name for name, data in graph.nodes(data=True) if data.get("label") == "mug")
    place = next(a for a, _, key in graph.in_edges(mug, keys=True) if key == "contains")
    room = next(a for a, _, key in graph.in_edges(place, keys=True) if key == "contains")
    assert (layers[place], graph.nodes[room]["label"]) == ("place", "kitchen")
    (on,) = [key for _, _, key in graph.out_edges(mug, keys=True)]
    assert on == "on"
    assert graph.nodes[mug]["attributes"] == "red"
    assert (graph.graph["map_id"], graph.graph["frame"]) == ("home", "map")


@pytest.mark.parametrize("suffix", ["json", "graphml"])
def test_what_is_written_is_read_again(graph, suffix, tmp_path):
    path = tmp_path / f"home.{suffix}"
    write_graph(graph, path)
    again = read_graph(path)
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    edges = {(a, b, key): data for a, b, key, data in graph.edges(keys=True, data=True)}
    found = {(a, b, key): data for a, b, key, data in again.edges(keys=True, data=True)}
    assert found == edges
    assert again.graph["map_id"] == "home"


def test_the_json_is_networkx_node_link(graph, tmp_path):
    write_graph(graph, tmp_path / "home.json")
    document = json.loads((tmp_path / "home.json").read_text())
    assert (document["directed"], document["multigraph"]) == (True, True)
    assert nx.utils.graphs_equal(nx.node_link_graph(document, edges="edges"), graph)


def test_a_full_disk_leaves_the_old_file(graph, tmp_path):
    path = tmp_path / "home.json"
    path.write_text("old")
    with full_disk(), pytest.raises(OSError, match="large"):
        write_graph(graph, path)
    assert [one.name for one in tmp_path.iterdir()] == ["home.json"]
    assert path.read_text() == "old"


def test_other_suffixes_and_other_files_are_refused(graph, tmp_path):
    with pytest.raises(ExportError, match=r"'home\.xyz', expected a suffix of .*graphml"):
        write_graph(graph, tmp_path / "home.xyz")
    for name in ("home.json", "home.graphml"):
        (tmp_path / name).write_text("{}")
        with pytest.raises(ExportError, match="no scene graph"):
            read_graph(tmp_path / name)
