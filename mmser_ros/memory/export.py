# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The scene graph for other programs: networkx, node-link JSON, GraphML, Spark-DSG."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import networkx as nx

from mmser_ros.core.errors import MmserError
from mmser_ros.memory.graph.records import Agent, Place, Vector
from mmser_ros.memory.graph.scene_graph import SceneGraph
from mmser_ros.memory.query import Query
from mmser_ros.memory.spark_dsg import spark_dsg_document

ENDINGS = {"spark-dsg": ".dsg.json", "node-link": ".json", "graphml": ".graphml"}
"""Of files, by format; the first that fits says which."""
STRUCTURE = frozenset({"contains", "path", "at"})
"""Keys of the edges that are not what captions say of two things."""


class ExportError(MmserError):
    """A graph can't be written or read in this way."""


def plain_graph(graph: SceneGraph, query: Query, now: int) -> nx.MultiDiGraph:
    """The believed graph with attributes that any format can hold: text, numbers, truth values.

    Nodes have a `layer`: `room`, `place`, `thing` or `robot`, and x, y, z in metres. Edges have
    their predicate as key: `contains` from rooms to places and from places to things, `path`
    between places, `at` from robots to places, and what captions say of things.
    """
    origin = query.origin
    plain = nx.MultiDiGraph(map_id=origin.map_id, frame=origin.frame, stale=origin.stale, stamp=now)
    for name, room in sorted(query.rooms.all().items()):
        plain.add_node(name, layer="room", label=room.label or "", **_xyz(room.position))
        for inside in room.places:
            plain.add_edge(name, inside, "contains")
    for name, place in graph.nodes(Place):
        plain.add_node(
            name, layer="place", label=place.votes[0][0] if place.votes else "",
            first_seen=place.first_seen, last_seen=place.last_seen, **_xyz(place.position),
        )  # fmt: skip
        for other, path in graph.neighbours(name):
            plain.add_edge(name, other, "path", length=path.length)
    for name, agent in graph.nodes(Agent):
        label = name.removeprefix("robot:")
        plain.add_node(name, layer="robot", label=label, stamp=agent.stamp, **_xyz(agent.position))
        plain.add_edge(name, agent.place, "at")
    things = query.things(now)
    for thing in things:
        plain.add_node(
            thing.name, layer="thing", label=thing.label, kind=thing.kind,
            attributes=",".join(thing.attributes), probability=thing.probability,
            sigma=thing.sigma, first_seen=thing.first_seen, last_seen=thing.last_seen,
            moves=thing.moves, room=thing.room or "", caption=thing.evidence.caption,
            caption_stamp=thing.evidence.stamp, robot=thing.evidence.robot, **_xyz(thing.position),
        )  # fmt: skip
        if thing.place is not None:
            plain.add_edge(thing.place, thing.name, "contains")
    names = {one.name for one in things}
    for thing in things:
        for held in query.relations(thing.name):
            if held.subject == thing.name and held.object in names:
                plain.add_edge(
                    held.subject, held.object, held.predicate, probability=held.probability,
                    geometry=held.geometry, caption=held.evidence.caption,
                )  # fmt: skip
    return plain


def _xyz(position: Vector) -> dict[str, float]:
    return dict(zip("xyz", position, strict=True))


def write_graph(plain: nx.MultiDiGraph, path: str | Path, form: str | None = None) -> None:
    """Write a plain graph; the file is replaced in one step, or left as it was.

    Args:
        plain: of `SceneMemory.graph`.
        path: of the file.
        form: node-link, graphml or spark-dsg; by default as the path ends, see ENDINGS.

    Raises:
        ExportError: there is no such format, or the ending says none.
        OSError: it can't be written.
    """
    path = Path(path)
    if form is None:
        form = next((one for one, ending in ENDINGS.items() if path.name.endswith(ending)), None)
        if form is None:
            known = ", ".join(ENDINGS.values())
            msg = f"got the name {path.name!r}, expected an ending of {known}, or a format"
            raise ExportError(msg)
    writers = {"spark-dsg": _spark_dsg, "node-link": _node_link, "graphml": _graphml}
    if form not in writers:
        msg = f"got the format {form!r}, expected one of {', '.join(writers)}"
        raise ExportError(msg)
    data = writers[form](plain)
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
    """Read what `write_graph` wrote as node-link JSON or GraphML.

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


def _node_link(plain: nx.MultiDiGraph) -> bytes:
    document: dict[str, Any] = nx.node_link_data(plain, edges="edges")
    return json.dumps(document, indent=1, sort_keys=True).encode()


def _spark_dsg(plain: nx.MultiDiGraph) -> bytes:
    return json.dumps(spark_dsg_document(plain)).encode()


def _graphml(plain: nx.MultiDiGraph) -> bytes:
    return "\n".join(nx.generate_graphml(plain)).encode()
