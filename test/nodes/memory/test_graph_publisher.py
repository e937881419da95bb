# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The graph through the stream and a receiver, with whatever is lost on the way."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.made_scenes import around, open_memory
from mmser_ros.nodes.common.graph_subscriber import GraphReceiver
from mmser_ros.nodes.memory.graph_publisher import SceneGraphStream

NAMES = ("object:a", "object:b", "object:c", "object:d")


def graph(objects, said=(), map_id="home"):
    """Objects with their x, and pairs of them that are next to each other."""
    plain = nx.MultiDiGraph(map_id=map_id, frame="map", stale=False, stamp=5)
    for name, x in objects.items():
        plain.add_node(name, layer="object", label=name, x=x, y=0.0, z=0.0, probability=0.9)
    for source, target in said:
        plain.add_edge(source, target, "next to", probability=0.8)
    return plain


@st.composite
def graphs(draw):
    objects = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0.0, 1.0, 2.0])))
    pairs = st.permutations(sorted(objects)).map(lambda names: tuple(names[:2]))
    said = draw(st.lists(pairs, max_size=3)) if len(objects) > 1 else []
    return graph(objects, said)


def contents(receiver):
    return receiver.nodes, receiver.edges


def told(full):
    nodes = {one.id: one for one in full.nodes}
    return nodes, {(one.source, one.target, one.predicate): one for one in full.edges}


def test_the_whole_first_then_what_changed():
    stream = SceneGraphStream(7, full_graph_interval=10)
    assert stream.full() is None
    first = stream.update(graph({"object:a": 1.0, "object:b": 2.0}, [("object:a", "object:b")]))
    assert (first.full, first.stream, first.sequence) == (True, 7, 1)
    assert (first.map_id, first.header.frame_id) == ("home", "map")
    assert [one.id for one in first.nodes] == ["object:a", "object:b"]
    assert (
        stream.update(graph({"object:a": 1.0, "object:b": 2.0}, [("object:a", "object:b")])) is None
    )
    delta = stream.update(graph({"object:a": 1.5}))
    assert (delta.full, delta.sequence) == (False, 2)
    assert [(one.id, one.position.x) for one in delta.nodes] == [("object:a", 1.5)]
    assert delta.removed_nodes == ["object:b"]
    assert [(one.source, one.target) for one in delta.removed_edges] == [("object:a", "object:b")]
    assert stream.full().sequence == 2


def test_what_is_too_little_to_tell():
    stream = SceneGraphStream(7, full_graph_interval=10)
    stream.update(graph({"object:a": 1.0}))
    assert stream.update(graph({"object:a": 1.0001})) is None
    assert stream.update(graph({"object:a": 1.001})) is not None


def test_the_whole_again():
    stream = SceneGraphStream(7, full_graph_interval=2)
    kinds = [stream.update(graph({"object:a": float(x)})).full for x in range(7)]
    assert kinds == [True, False, False, True, False, False, True]
    assert not stream.update(graph({"object:a": 9.0})).full
    stream.restart()
    assert stream.update(graph({"object:a": 9.0})).full
    assert stream.update(graph({"object:a": 9.0}, map_id="office")).map_id == "office"


@given(
    st.lists(st.tuples(graphs(), st.sampled_from(["lost", "late", "twice", "heard"])), min_size=1),
    st.integers(0, 4),
)
def test_lossy_and_late_receivers_catch_up_with_the_next_message(steps, full_graph_interval):
    stream = SceneGraphStream(7, full_graph_interval)
    lossy = GraphReceiver(ask=lambda: lossy.take(stream.full()))
    late = []
    for plain, fate in steps:
        message = stream.update(plain)
        if message is None:
            continue
        if fate == "late":
            late.append(message)
        for _ in range({"lost": 0, "late": 0, "twice": 2, "heard": 1}[fate]):
            lossy.take(message)
    for message in late:
        lossy.take(message)
    last = stream.update(graph({"object:z": 1.0}))
    lossy.take(last)
    newcomer = GraphReceiver(ask=lambda: newcomer.take(stream.full()))
    newcomer.take(last)
    assert contents(lossy) == contents(newcomer) == told(stream.full())
    assert lossy.sequence == newcomer.sequence == stream.full().sequence


@given(st.lists(graphs(), min_size=1, max_size=12), st.integers(0, 4))
def test_what_the_middleware_keeps_is_enough(plains, full_graph_interval):
    """A late subscriber gets the last `full_graph_interval` + 1 messages, and needs no answer."""
    stream = SceneGraphStream(7, full_graph_interval)
    messages = [one for one in map(stream.update, plains) if one is not None]
    receiver = GraphReceiver(ask=lambda: None)
    for message in messages[-(full_graph_interval + 1) :]:
        receiver.take(message)
    assert contents(receiver) == told(stream.full())


def test_an_answer_that_is_overtaken_waits_for_nothing():
    stream = SceneGraphStream(7, full_graph_interval=100)
    asked = []
    receiver = GraphReceiver(ask=lambda: asked.append(stream.full()))
    receiver.take(stream.update(graph({"object:a": 0.0})))
    stream.update(graph({"object:a": 1.0}))
    for x in (2.0, 3.0, 4.0):
        receiver.take(stream.update(graph({"object:a": x})))
    assert receiver.sequence == 1
    receiver.take(asked[0])  # it tells of 3; 4 and 5 were kept
    assert receiver.nodes["object:a"].position.x == 4.0
    receiver.take(asked[0])  # again, late
    assert receiver.sequence == 5


def test_a_node_that_starts_again():
    streams = SceneGraphStream(7, full_graph_interval=5), SceneGraphStream(8, full_graph_interval=5)
    receiver = GraphReceiver(ask=lambda: receiver.take(streams[1].full()))
    for x in range(4):
        receiver.take(streams[0].update(graph({"object:a": float(x)})))
    streams[1].update(graph({"object:b": 0.0}))
    receiver.take(streams[1].update(graph({"object:b": 1.0})))  # its full graph was lost
    assert contents(receiver) == told(streams[1].full())
    leftover = streams[0].update(graph({"object:a": 9.0}))
    receiver.take(leftover)
    receiver.take(streams[1].update(graph({"object:b": 2.0})))
    assert contents(receiver) == told(streams[1].full())


def test_the_graph_of_a_memory():
    memory = open_memory(robot="robot")
    stream = SceneGraphStream(7, full_graph_interval=100)
    receiver = GraphReceiver(ask=lambda: pytest.fail("asked"))
    objects = [("mug", (2.0, 0.0, 0.8)), ("table", (2.0, 0.0, 0.4))]
    sizes = []
    for one in around("a mug on a table in a kitchen", objects, 6):
        memory.add(one)
        message = stream.update(memory.graph())
        receiver.take(message)
        sizes.append((len(message.nodes), message.full))
    assert contents(receiver) == told(stream.full())
    assert {one.label for one in receiver.nodes.values()} >= {"mug", "table", "kitchen"}
    memory.clear()
    receiver.take(stream.update(memory.graph()))
    assert contents(receiver) == ({}, {})
