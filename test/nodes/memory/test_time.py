# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What time it is for memory_node: in processes of their own, over DDS."""

import pytest
from builtin_interfaces.msg import Time
from mmser_ros.msg import SceneObservation
from mmser_ros.srv import ForgetScene, GetSceneGraph

from benchmarks.made_scenes import around, open_memory, pose, view
from mmser_ros.memory.storage.serialization import normal_form
from mmser_ros.nodes.common.scene_conversions import observation_to_message
from mmser_ros.nodes.memory.replication import OBSERVATIONS
from test.nodes.conftest import node_process, values, wait_until
from test.nodes.memory.test_node import ask, known
from test.nodes.plain_memory_node import MODULE, NOW, QUICK, Robot

ERROR = b"\2"
DAY = 86400
MAN = [("man", (2.0, 0.0, 0.8))]


def test_stamps_of_no_clock_are_dropped_counted_and_named(make_peer, tmp_path):
    robot = Robot(make_peer("/dated"))
    parameters = {**QUICK, "store_path": tmp_path / "home.sqlite", "share_with_robots": True}
    with node_process(MODULE, "/dated", **parameters):
        robot.connect()
        robot.see(*around("a man", MAN, start=NOW - 60.0))
        robot.counts()
        (man,) = known(robot, "man").matches
        robot.see(view("a wall", NOW + DAY))
        status = robot.peer.status(
            lambda one: one.level == ERROR and "ahead of the clock" in one.message, "an error"
        )
        assert "86400.0 s ahead" in status.message
        assert "refused.pose_stamp_ahead" in values(status)
        robot.say(view("a wall", 1).caption, 0)
        robot.peer.status(lambda one: "is 0 s, expected that of a clock" in one.message, "zero")
        teller = robot.peer.node.create_publisher(SceneObservation, OBSERVATIONS, 10)
        wait_until(lambda: teller.get_subscription_count() == 1, "the node's ear")
        alien = view("a wall", NOW + DAY, robot="other")
        teller.publish(observation_to_message(normal_form(alien)))
        robot.peer.status(lambda one: "refused.stamp_ahead" in values(one), "the other robot's")
        counts = robot.counts()
        assert (counts["dropped.stamp_ahead"], counts["dropped.stamp_zero"]) == ("1", "1")
        assert counts["observations"] == "4"
        robot.see(view("a man", NOW + 4.0, MAN))  # within stamp_tolerance
        assert robot.counts()["observations"] == "5"
    with node_process(MODULE, "/dated", **parameters):
        robot.connect()
        assert [one.node.id for one in ask(robot, "man").matches] == [man.node.id]


def test_what_was_wrongly_stamped_in_an_old_store_is_kept_out_and_can_be_forgotten(
    make_peer, tmp_path
):
    path = tmp_path / "home.sqlite"
    with open_memory(path) as memory:
        memory.add_all([*around("a man", MAN, start=NOW - 60.0), view("a wall", NOW + DAY)])
    robot = Robot(make_peer("/old"))
    with node_process(MODULE, "/old", **{**QUICK, "store_path": path}):
        robot.connect()
        assert len(ask(robot, "man").matches) == 1
        assert robot.counts()["ahead"] == "1"

        def forget(**times):
            request = ForgetScene.Request(**times)
            answer = robot.peer.call(ForgetScene, "memory_node/forget", request)
            return answer.success, answer.message

        assert forget(after=Time(sec=NOW + DAY)) == (True, "4 observations are left")
        assert robot.counts()["ahead"] == "0"
        refused, why = forget(before=Time(sec=NOW + DAY))  # else nothing would be remembered today
        assert (refused, "`before` is 86400.0 s ahead of the clock" in why) == (False, True)
        assert forget()[0] is False
        assert "give `before`, `after`, or both" in forget()[1]
        stretch = {"after": Time(sec=NOW - 60), "before": Time(sec=NOW - 50)}
        assert forget(**stretch) == (True, "3 observations are left")


def test_when_nobody_captions_any_more_ages_grow_and_people_go(make_peer):
    robot = Robot(make_peer("/silent"))
    with node_process(MODULE, "/silent", **QUICK):
        robot.connect()
        robot.see(*around("a man and a mug", [*MAN, ("mug", (2.0, 0.8, 0.8))], start=NOW - 60.0))
        robot.counts()
        assert known(robot, "man").matches[0].age == pytest.approx(30.0)
        robot.now = NOW + 3 * 3600
        wait_until(lambda: not ask(robot, "man").matches, "doubt")
        (mug,) = ask(robot, "mug").matches
        assert mug.age == pytest.approx(3 * 3600 + 30.0)
        assert mug.pose.header.stamp == Time(sec=robot.now)

        def told():
            request = GetSceneGraph.Request()
            answer = robot.peer.call(GetSceneGraph, "memory_node/get_graph", request)
            return {one.label for one in answer.graph.nodes if one.layer == "object"}

        wait_until(lambda: told() == {"mug"}, "a graph without the man", pause=0.5)


def test_with_simulated_time_and_no_clock_captions_say_so(make_peer):
    robot = Robot(make_peer("/timeless"))
    robot.now = 0
    with node_process(MODULE, "/timeless", **QUICK):
        wait_until(lambda: robot.captions.get_subscription_count() == 2, "the peer and the node")
        robot.peer.status(lambda one: values(one)["state"] == "active", "an active node")
        robot.stand(pose(), 10 * 10**9)
        robot.say(view("a mug", 10).caption, 10 * 10**9)
        status = robot.peer.status(lambda one: "/clock is silent" in one.message, "the reason")
        assert "use_sim_time is on" in status.message
        assert values(status)["clock"] == "simulated, and /clock is silent"
