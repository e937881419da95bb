# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A scene memory as one page for any browser, without a network: pan, zoom, click and search."""

from __future__ import annotations

import json
from string import Template

import networkx as nx
import numpy as np

from mmser_ros.core.resources import share_path
from mmser_ros.visualization.room_outlines import (
    KIND_COLOURS,
    NO_COLOUR,
    room_colours,
    room_outlines,
)

PARTS = "config/memory_page"
"""Folder of the page, its style and its script."""
UNSAFE = {ord(one): f"\\u{ord(one):04x}" for one in "<>&"}
"""Escapes of characters that could end the script element with the JSON."""


def memory_page(exported_graph: nx.MultiDiGraph) -> str:
    """Make an HTML page with the graph and the code that shows it.

    Args:
        exported_graph: from `SceneMemory.graph`; node-link JSON under `graph` in the page's element
            `data`.
    """
    outlines = room_outlines(exported_graph)
    document = {
        "graph": nx.node_link_data(exported_graph, edges="edges"),
        "outlines": {
            name: [np.round(one, 3).tolist() for one in outlines.get(name, [])]
            for name, data in exported_graph.nodes(data=True)
            if data["layer"] == "room"
        },
        "colours": {
            "rooms": room_colours(exported_graph),
            "kinds": KIND_COLOURS,
            "none": NO_COLOUR,
        },
    }
    page, style, script = (
        (share_path(PARTS) / name).read_text(encoding="utf-8")
        for name in ("page.html", "style.css", "page.js")
    )
    graph = json.dumps(document).translate(UNSAFE)
    return Template(page).substitute(style=style, script=script, graph=graph)
