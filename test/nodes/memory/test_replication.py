# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Memories of two robots over DDS, each in a process of its own."""

from dataclasses import replace

import pytest
from mmser_ros.msg import SceneObservation
from mmser_ros.srv import GetSceneGraph

from benchmarks.made_scenes import around, open_memory, view
from mmser_ros.memory.storage.serialization import normal_form
from mmser_ros.nodes.common.scene_conversions import observation_to_message
from mmser_ros.nodes.memory.replication import OBSERVATIONS
from test.nodes.conftest import node_process, values, wait_until
from test.nodes.plain_memory_node import MODULE, QUICK, Robot

MUG, BOOK = [("mug", (2.0, 0.0, 0.8))], [("book", (5.0, 0.0, 0.8))]
SHARING = {**QUICK, "share_with_robots": True, "digest_period": 0.2, "input_timeout": 3600.0}


@pytest.fixture
def start(make_peer):
    """Starts a robot's memory_node; use it as a context."""

    def make(name, **parameters):
        return node_process(MODULE, f"/{name}", **{**SHARING, **parameters})

    return make


def graph(robot):
    """Nodes and edges of a robot's graph."""
    answer = robot.peer.call(GetSceneGraph, "memory_node/get_graph", GetSceneGraph.Request())
    return {one.id: one for one in answer.graph.nodes}, {
        (one.source, one.target, one.predicate): one for one in answer.graph.edges
    }


def observations(robot, count):
    return robot.peer.status(
        lambda one: values(one).get("observations") == str(count), f"{count} observations"
    )


def test_two_memories_that_hear_each_other_become_one(start, make_peer):
    a, b = Robot(make_peer("/a")), Robot(make_peer("/b"))
    with start("a"), start("b"):
        a.connect()
        b.connect()
        for one, other in zip(
            around("a red mug in a kitchen", MUG, start=10.0),
            around("a book in a bedroom", BOOK, start=12.0, x=3.0),
            strict=True,
        ):
            b.see(other)
            a.see(one)
        for robot in (a, b):
            observations(robot, 8)
        wait_until(lambda: graph(a) == graph(b) and graph(a)[0], "one graph")
        labels = {one.label for one in graph(a)[0].values()}
        assert {"mug", "book", "kitchen", "bedroom", "a", "b"} <= labels
        robots = {one.robot for one in graph(b)[0].values() if one.layer == "object"}
        assert robots == {"a", "b"}
        again = observation_to_message(
            normal_form(view("a cup", 90, MUG, robot="c", map_id="home"))
        )
        teller = a.peer.node.create_publisher(SceneObservation, OBSERVATIONS, 10)
        wait_until(lambda: teller.get_subscription_count() == 2, "both nodes")
        for _ in range(3):  # repeats
            teller.publish(again)
        foreign = observation_to_message(normal_form(view("a cup", 91, MUG, map_id="office")))
        teller.publish(foreign)
        for robot in (a, b):
            robot.peer.status(lambda one: "refused.other_map" in values(one), "the other map")
            assert values(observations(robot, 9))["refused.other_map"] == "1"


def test_who_was_away_is_told_what_it_missed(start, make_peer, tmp_path):
    a, b = Robot(make_peer("/early")), Robot(make_peer("/late"))
    mugs = around("a red mug in a kitchen", MUG, 8, robot="early")
    with open_memory(tmp_path / "late.sqlite") as before:
        for one in mugs[:3]:  # as the node remembers what odometry without covariance tells
            pose = replace(one.pose, position_sigma=0.05, heading_sigma=0.03)
            before.add(replace(one, pose=pose, camera=None))
    with start("early"):
        a.connect()
        a.see(*mugs, *around("a book in a bedroom", BOOK, start=200.0, x=3.0))
        observations(a, 12)
        with start("late", store_path=tmp_path / "late.sqlite"):
            b.connect()
            observations(b, 12)
            wait_until(lambda: graph(a) == graph(b), "one graph")
            assert b.counts()["observations_received"] == "9"
            assert a.counts()["observations_received"] == "0"
