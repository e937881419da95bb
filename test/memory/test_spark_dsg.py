# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The graph as Spark-DSG reads it."""

import json

import pytest

from mmser_ros.memory.export import write_graph
from test.memory.test_export import graph  # noqa: F401


def test_objects_hang_under_places_and_places_under_rooms(graph, tmp_path):  # noqa: F811
    write_graph(graph, tmp_path / "home.dsg.json")
    document = json.loads((tmp_path / "home.dsg.json").read_text())
    by_id = {one["id"]: one for one in document["nodes"]}
    mug = next(one for one in by_id.values() if one["attributes"]["name"] == "mug")
    assert (mug["layer"], mug["id"] >> 56) == (2, ord("O"))
    assert mug["attributes"]["metadata"]["attributes"] == "red"
    above = {one["target"]: by_id[one["source"]] for one in document["edges"]}
    place = above[mug["id"]]
    assert (place["layer"], above[place["id"]]["attributes"]["name"]) == (3, "kitchen")
    said = [one["info"]["metadata"].get("relations") for one in document["edges"]]
    assert [one[0]["predicate"] for one in said if one] == ["on"]
    assert document["metadata"]["map_id"] == "home"


def test_spark_dsg_loads_it(graph, tmp_path):  # noqa: F811
    spark_dsg = pytest.importorskip(
        "spark_dsg", reason="spark_dsg is not installed: pip install '.[dev]'"
    )
    write_graph(graph, tmp_path / "home.dsg.json")
    loaded = spark_dsg.DynamicSceneGraph.load(str(tmp_path / "home.dsg.json"))
    layers = [data["layer"] for _, data in graph.nodes(data=True) if data["layer"] != "robot"]
    assert loaded.num_nodes() == len(layers)
    objects = loaded.get_layer(spark_dsg.DsgLayers.OBJECTS)
    assert sorted(one.attributes.name for one in objects.nodes) == ["mug", "table"]
