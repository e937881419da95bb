# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene graph for other programs: networkx, node-link JSON, GraphML, Spark-DSG."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import networkx as nx

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.graph.records import Agent, Place, Vector
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.query import Query
from mmser_ros.memory.spark_dsg import spark_dsg_document

SUFFIXES = {"spark-dsg": ".dsg.json", "node-link": ".json", "graphml": ".graphml"}
"""Suffixes by format; the first one that fits a file name is used."""
STRUCTURE = frozenset({"contains", "path", "at"})
"""Keys of the edges that are not relations of objects."""


class ExportError(MmserError):
    """A graph can't be written or read in this format."""


def exported_graph(graph: SceneGraph, query: Query, now: int) -> nx.MultiDiGraph:
    """Export what is believed as a graph with simple attributes: text, numbers, truth values.

    Nodes have a `layer` (`room`, `place`, `object` or `robot`) and x, y, z in metres. The key of an
    edge is its predicate: `contains` from rooms to places and from places to objects, `path`
    between places, `at` from robots to places, and the relations of objects.
    """
    origin = query.origin
    exported = nx.MultiDiGraph(
        map_id=origin.map_id, frame=origin.frame, stale=origin.stale, stamp=now
    )
    for name, room in sorted(query.rooms.all().items()):
        exported.add_node(name, layer="room", label=room.label or "", **_xyz(room.position))
        for inside in room.places:
            exported.add_edge(name, inside, "contains")
    for name, place in graph.nodes(Place):
        exported.add_node(
            name, layer="place", label=place.votes[0][0] if place.votes else "",
            first_seen=place.first_seen, last_seen=place.last_seen, **_xyz(place.position),
        )  # fmt: skip
        for other, path in graph.neighbours(name):
            exported.add_edge(name, other, "path", length=path.length)
    for name, agent in graph.nodes(Agent):
        label = name.removeprefix("robot:")
        exported.add_node(
            name, layer="robot", label=label, stamp=agent.stamp, **_xyz(agent.position)
        )
        exported.add_edge(name, agent.place, "at")
    objects = query.objects(now)
    for obj in objects:
        exported.add_node(
            obj.name, layer="object", label=obj.label, kind=obj.kind,
            attributes=",".join(obj.attributes), probability=obj.probability,
            sigma=obj.sigma, first_seen=obj.first_seen, last_seen=obj.last_seen,
            moves=obj.moves, room=obj.room or "", caption=obj.provenance.caption,
            caption_stamp=obj.provenance.stamp, robot=obj.provenance.robot, **_xyz(obj.position),
        )  # fmt: skip
        if obj.place is not None:
            exported.add_edge(obj.place, obj.name, "contains")
    names = {one.name for one in objects}
    for obj in objects:
        for held in query.relations(obj.name):
            if held.subject == obj.name and held.object in names:
                exported.add_edge(
                    held.subject, held.object, held.predicate, probability=held.probability,
                    geometry=held.geometry, caption=held.provenance.caption,
                )  # fmt: skip
    return exported


def _xyz(position: Vector) -> dict[str, float]:
    return dict(zip("xyz", position, strict=True))


def write_graph(exported: nx.MultiDiGraph, path: str | Path, form: str | None = None) -> None:
    """Write an exported graph; the file is replaced atomically.

    Args:
        exported: from `SceneMemory.graph`.
        path: of the file.
        form: node-link, graphml or spark-dsg; the default follows the suffix, see SUFFIXES.

    Raises:
        ExportError: the format or the suffix is unknown.
        OSError: the file can't be written.
    """
    path = Path(path)
    if form is None:
        form = next((one for one, suffix in SUFFIXES.items() if path.name.endswith(suffix)), None)
        if form is None:
            known = ", ".join(SUFFIXES.values())
            msg = f"got the name {path.name!r}, expected a suffix of {known}, or a format"
            raise ExportError(msg)
    writers: dict[str, Callable[[], str]] = {
        "spark-dsg": lambda: json.dumps(spark_dsg_document(exported)),
        "node-link": lambda: json.dumps(
            nx.node_link_data(exported, edges="edges"), indent=1, sort_keys=True
        ),
        "graphml": lambda: "\n".join(nx.generate_graphml(exported)),
    }
    if form not in writers:
        msg = f"got the format {form!r}, expected one of {', '.join(writers)}"
        raise ExportError(msg)
    data = writers[form]().encode()
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def read_graph(path: str | Path) -> nx.MultiDiGraph:
    """Read a graph that `write_graph` wrote as node-link JSON or GraphML.

    Raises:
        ExportError: the file is not such a graph.
    """
    path = Path(path)
    try:
        if path.suffix == ".graphml":
            return nx.read_graphml(path, force_multigraph=True)
        return nx.node_link_graph(json.loads(path.read_text()), edges="edges")
    except (nx.NetworkXError, KeyError, TypeError, ValueError, SyntaxError) as error:
        msg = f"{path} holds no scene graph ({error}); expected node-link JSON or GraphML"
        raise ExportError(msg) from error
