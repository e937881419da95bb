# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import networkx as nx
import pytest

from benchmarks.made_scenes import around, remember, view
from mmser_ros.core.resources import share_path
from mmser_ros.visualization.scene_page import memory_page

HOSTILE = "a kitchen with a red mug on a table. </script><script>alert(1)</script><!-- $graph &lt;"
OBJECTS = [("mug", (2.0, -0.8, 0.3)), ("table", (2.0, -0.7, -0.2))]


class Elements(HTMLParser):
    """The elements of a page in order, as [tag, attributes, text directly in it]."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, dict(attrs), ""])

    def handle_data(self, data):
        if self.found:
            self.found[-1][2] += data


@pytest.fixture(scope="module")
def graph():
    drive = [view("a hallway", 45 + i, x=-0.5 * (i + 2)) for i in range(6)]
    return remember(*around(HOSTILE, OBJECTS), *drive).graph()


@pytest.fixture(scope="module")
def elements(graph):
    return Elements(memory_page(graph)).found


def test_the_page_holds_the_graph_whatever_captions_say(graph, elements):
    scripts = [(attributes, text) for tag, attributes, text in elements if tag == "script"]
    assert [attributes.get("type") for attributes, _ in scripts] == ["application/json", None]
    document = json.loads(scripts[0][1])
    again = nx.node_link_graph(document["graph"], edges="edges")
    assert nx.utils.graphs_equal(again, graph)
    assert HOSTILE in {data.get("caption") for _, data in again.nodes(data=True)}
    rooms = {name for name, data in graph.nodes(data=True) if data["layer"] == "room"}
    assert document["outlines"].keys() == document["colours"]["rooms"].keys() == rooms
    assert all(len(corners) > 8 for one in document["outlines"].values() for corners in one)


def test_the_page_needs_no_network(elements):
    assert not any({"src", "href", "action"} & attributes.keys() for _, attributes, _ in elements)
    policy = next(one["content"] for _, one, _ in elements if "http-equiv" in one)
    assert policy.startswith("default-src 'none'")
    script, style = (next(text for one, _, text in reversed(elements) if one == tag)
                     for tag in ("script", "style"))  # fmt: skip
    assert set(re.findall(r"https?:[^\"']*", script + style)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|document\.write|insertAdjacentHTML", script)


def test_every_part_of_the_page_that_the_script_asks_for_is_there(elements):
    script = next(text for tag, _, text in reversed(elements) if tag == "script")
    asked = set(re.findall(r"(?:by_id|getElementById)\(\"(\w+)\"\)", script))
    assert len(asked) > 5
    assert asked <= {attributes.get("id") for _, attributes, _ in elements}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to read JavaScript")
def test_the_script_can_be_read():
    subprocess.run(["node", "--check", share_path("config/memory_page/page.js")], check=True)
