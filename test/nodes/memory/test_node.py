# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""memory_node in a process of its own, over DDS."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from mmser_ros.msg import SceneAnswer
from mmser_ros.srv import ForgetScene, GetSceneGraph, QueryScene
from nav_msgs.msg import OccupancyGrid
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String
from std_srvs.srv import Trigger
from visualization_msgs.msg import MarkerArray

from benchmarks.made_scenes import around, open_memory, pose, view
from mmser_ros.core.types import SECOND
from mmser_ros.nodes.common.graph_subscriber import SceneGraphListener
from mmser_ros.nodes.memory.replication import OBSERVATIONS
from mmser_ros.nodes.memory.tuning_parameters import MEMORY_PARAMETERS
from test.nodes.conftest import node_process, values, wait_until
from test.nodes.plain_memory_node import MODULE, QUICK, Robot

OK, WARN, ERROR = b"\0", b"\1", b"\2"
MUG, BOOK = [("mug", (2.0, 0.0, 0.8))], [("book", (5.0, 0.0, 0.8))]
LASTING = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


@pytest.fixture(scope="module")
def running():
    """One node for the tests that forget what they told it."""
    with node_process(MODULE, "/mind", **QUICK, full_graph_interval=3) as process:
        yield process


@pytest.fixture
def robot(running, make_peer):
    robot = Robot(make_peer("/mind")).connect()
    assert robot.peer.call(Trigger, "memory_node/clear", Trigger.Request()).success
    return robot


def ask(robot, text="", **request):
    request = QueryScene.Request(text=text, **request)
    response = robot.peer.call(QueryScene, "memory_node/query", request)
    assert response.success, response.message
    return response


def known(robot, text, **request):
    """Wait until something is known; the response."""
    answers = []
    wait_until(
        lambda: answers.append(ask(robot, text, **request)) or answers[-1].matches,
        f"an answer to {text!r}",
    )
    return answers[-1]


def set_parameter(robot, name, value):
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    return robot.peer.call(SetParameters, "memory_node/set_parameters", request).results[0]


def subscribe(robot, kind, topic, qos=10):
    heard = []
    robot.peer.node.create_subscription(kind, topic, heard.append, qos)
    return heard


def test_captions_become_answers_with_a_pose(robot):
    robot.see(*around("a red mug in a kitchen", MUG))
    robot.counts()
    match = known(robot, "red mug").matches[0]
    assert (match.node.label, match.node.room, match.node.robot) == ("mug", "kitchen", "mind")
    assert match.node.position.x == pytest.approx(2.0, abs=0.2)
    assert (match.map_id, match.stale, match.pose.header.frame_id) == ("home", False, "map")
    assert abs(match.pose.pose.position.y) <= 0.6
    facing = match.pose.pose.orientation
    assert abs(facing.w) > 0.9  # it stands before the mug, which is ahead
    assert match.path.poses[-1].pose == match.pose.pose
    assert match.node.caption == "a red mug in a kitchen"
    assert match.node.caption_stamp.sec in (10, 20, 30, 40)


def test_a_refined_caption_replaces_the_first_one_of_its_image(robot):
    for one in around("a red mug", MUG, initial="a dog"):
        glance = replace(one.caption, text="a dog", refined=False, passes=1)
        robot.see(replace(one, caption=glance), one)
    robot.counts()
    assert known(robot, "red mug").matches[0].node.caption == "a red mug"
    assert not ask(robot, "dog").matches


def test_the_pose_is_that_of_the_stamp_and_not_the_latest(robot):
    robot.stand(pose(1.0), 100 * SECOND)
    robot.stand(pose(1.4), 100 * SECOND + 400_000_000)
    robot.stand(pose(9.0), 109 * SECOND)
    robot.say(view("a mug", 0).caption, 100 * SECOND + 100_000_000)
    listener = SceneGraphListener(robot.peer.node)

    def places():  # the graph before that was cleared may come first
        robots = [one for one in listener.nodes.values() if one.layer == "robot"]
        return [one for one in robots if one.last_seen == Time(sec=100, nanosec=100_000_000)]

    wait_until(places, "the robot in the graph")
    assert places()[0].position.x == pytest.approx(1.1, abs=2e-3)


def test_a_caption_without_a_pose_is_counted_and_says_why(robot):
    before = robot.counts()
    assert set_parameter(robot, "pose_timeout", 0.05).successful
    robot.stand(pose(0.0), 200 * SECOND)
    robot.say(view("a mug", 0).caption, 203 * SECOND)
    late = robot.peer.status(lambda one: "3.00 s older than the caption" in one.message, "why")
    assert late.level == ERROR
    assert "/mind/odom: 1 publisher, QoS compatible" in late.message
    after = robot.counts()
    assert int(after["dropped.pose_late"]) == int(before.get("dropped.pose_late", 0)) + 1
    assert after["observations"] == before["observations"]
    robot.stand(pose(0.0), 204 * SECOND, frame="odom")
    robot.say(view("a mug", 0).caption, 204 * SECOND)
    odd = robot.peer.status(lambda one: "map_frame is 'map'" in one.message, "the frame")
    assert "refused.pose_frame" in values(odd)
    assert set_parameter(robot, "pose_timeout", QUICK["pose_timeout"]).successful
    robot.say(view("a mug", 0).caption, 206 * SECOND)  # the pose comes later
    robot.stand(pose(0.0), 206 * SECOND)
    robot.peer.status(lambda one: "not remembered" not in one.message, "recovery")
    assert int(robot.counts()["observed"]) == int(before["observed"]) + 1


def same_graph(robot, receiver):
    """Whether a receiver has what ~/get_graph tells."""
    answer = robot.peer.call(GetSceneGraph, "memory_node/get_graph", GetSceneGraph.Request())
    assert answer.success, answer.message
    nodes = {one.id: one for one in answer.graph.nodes}
    edges = {(one.source, one.target, one.predicate): one for one in answer.graph.edges}
    return (receiver.nodes, receiver.edges) == (nodes, edges)


class Lossy(SceneGraphListener):
    """Loses two messages of three."""

    count = 0

    def take(self, message):
        self.count += 1
        if self.count % 3 == 0 or message.full:
            super().take(message)


def test_early_late_and_lossy_subscribers_have_the_same_graph(robot):
    views = around("a red mug in a kitchen", MUG, 6)
    early = SceneGraphListener(robot.peer.node)
    lossy = Lossy(robot.peer.node)
    for one in views:
        before = early.sequence
        robot.see(one)
        wait_until(lambda was=before: early.sequence != was, "the graph to change")
    late = SceneGraphListener(robot.peer.node)
    shallow = SceneGraphListener(robot.peer.node, depth=1)
    for number in range(4):
        robot.see(view("a book", 100 + number, BOOK, x=3.0 + 0.3 * number))
    for name, one in (("early", early), ("late", late), ("shallow", shallow), ("lossy", lossy)):
        number = 110

        def alike(receiver=one):
            nonlocal number
            number += 1
            robot.see(view("a book", number, BOOK, x=3.0 + number % 2))  # a next message
            return same_graph(robot, receiver)

        wait_until(alike, f"the graph of the {name} one", pause=0.2)
    assert {"mug", "kitchen", "mind"} <= {one.label for one in late.nodes.values()}


def test_forgetting(robot):
    mugs = [view("a mug", 1 + i, MUG, y=0.4 * i - 0.6) for i in range(4)]
    robot.see(*mugs, *around("a book", BOOK, start=10.0, x=3.0))
    robot.counts()
    known(robot, "book")
    request = ForgetScene.Request(before=Time(sec=5))
    answer = robot.peer.call(ForgetScene, "memory_node/forget", request)
    assert (answer.success, answer.message) == (True, "4 observations are left")
    assert [one.node.label for one in ask(robot).matches] == ["book"]
    robot.see(*mugs)
    robot.counts()
    assert ask(robot, "mug").matches == []


def test_a_question_sends_the_robot_only_when_it_may(robot):
    heard = subscribe(robot, PoseStamped, "goal_pose")
    asking = robot.peer.node.create_publisher(String, "memory_node/ask", 10)
    wait_until(lambda: asking.get_subscription_count() == 1, "the node's ear")
    wait_until(lambda: robot.peer.node.count_publishers("goal_pose") == 1, "the node's mouth")
    robot.see(*around("a red mug", MUG))
    robot.counts()
    match = known(robot, "red mug").matches[0]

    def in_turn():
        """Questions are answered in their order, so what was asked before is done."""
        ask(robot)

    asking.publish(String(data="red mug"))
    in_turn()
    assert set_parameter(robot, "send_goals", True).successful
    assert set_parameter(robot, "min_goal_score", 1.0).successful
    asking.publish(String(data="red mug"))
    asking.publish(String(data="elephant"))
    in_turn()
    assert set_parameter(robot, "min_goal_score", 0.3).successful
    asking.publish(String(data=" "))
    asking.publish(String(data="mug"))
    wait_until(lambda: heard, "a goal")
    assert len(heard) == 1
    assert heard[0].header.frame_id == "map"
    assert heard[0].pose == match.pose.pose
    assert set_parameter(robot, "send_goals", False).successful


def test_a_question_is_answered_on_a_topic(robot):
    answers = subscribe(robot, SceneAnswer, "memory_node/answer")
    asking = robot.peer.node.create_publisher(String, "memory_node/ask", 10)
    wait_until(lambda: asking.get_subscription_count() == 1, "the node's ear")
    wait_until(lambda: robot.peer.node.count_publishers("memory_node/answer") == 1, "its mouth")
    robot.see(*around("a red mug in a kitchen", MUG))
    robot.counts()
    match = known(robot, "red mug").matches[0]
    for number, question in enumerate(("red mug", "elephant")):
        asking.publish(String(data=question))
        wait_until(lambda number=number: len(answers) > number, f"the answer to {question!r}")
    found, missing = answers
    assert (found.question, found.found, found.object) == ("red mug", True, match.node.id)
    assert "room kitchen" in found.text
    assert (found.map_id, found.stale, found.score) == ("home", False, match.score)
    assert (found.pose.header.frame_id, found.pose.pose) == ("map", match.pose.pose)
    assert (missing.question, missing.found) == ("elephant", False)
    assert "nothing like it is known" in missing.text


def test_markers_and_mask_for_who_asks(robot):
    markers = subscribe(robot, MarkerArray, "scene_markers", LASTING)
    masks = subscribe(robot, OccupancyGrid, "semantic_mask", LASTING)
    robot.see(*around("a red mug in a kitchen", MUG))
    robot.counts()
    known(robot, "mug")
    wait_until(
        lambda: markers and any(one.text == "red mug" for one in markers[-1].markers), "markers"
    )
    assert masks == []
    for name, value in (("mask_radius", 0.3), ("mask_classes", "person,mug")):
        assert set_parameter(robot, name, value).successful
    wait_until(lambda: masks and any(masks[-1].data), "the mask")
    grid = masks[-1].info
    width = grid.width * grid.resolution
    reach = 0.3 + 3 * ask(robot, "mug").matches[0].node.sigma / 3**0.5
    assert width == pytest.approx(2 * reach, abs=0.25)
    assert grid.origin.position.x < 2.0 < grid.origin.position.x + width
    assert set_parameter(robot, "mask_resolution", 0.05).successful
    wait_until(lambda: masks[-1].info.resolution == pytest.approx(0.05), "finer cells")
    assert set_parameter(robot, "mask_classes", "").successful
    wait_until(lambda: not any(masks[-1].data), "an empty mask")
    assert set_parameter(robot, "markers", False).successful
    late = subscribe(robot, MarkerArray, "scene_markers", QoSProfile(depth=5))
    robot.see(*around("a book", BOOK, start=100.0, x=3.0))
    known(robot, "book")
    assert not any(one.text == "book" for array in late for one in array.markers)
    assert set_parameter(robot, "markers", True).successful


def test_by_default_nothing_is_sent(robot):
    robot.see(*around("a mug", MUG))
    known(robot, "mug")
    assert robot.counts()["observations_sent"] == "0"
    assert robot.peer.node.count_publishers(OBSERVATIONS) == 0


def test_silence_is_an_error_until_the_next_caption(robot):
    assert set_parameter(robot, "input_timeout", 0.2).successful
    silent = robot.peer.status(lambda one: one.level == ERROR, "an error")
    assert silent.message.startswith("no caption on /mind/scene_caption for ")
    assert "1 publisher, QoS compatible" in silent.message
    assert set_parameter(robot, "input_timeout", 3600.0).successful
    robot.see(view("a mug", 10, MUG))
    robot.peer.status(lambda one: one.level == OK, "all well")


def test_every_parameter_is_described_and_guarded(robot):
    table = {one.name: one for one in MEMORY_PARAMETERS}
    described = robot.peer.call(
        DescribeParameters,
        "memory_node/describe_parameters",
        DescribeParameters.Request(names=list(table)),
    ).descriptors
    assert {one.name for one in described} == table.keys()
    for descriptor in described:
        parameter = table[descriptor.name]
        assert descriptor.description.startswith(parameter.description)
        assert descriptor.description.endswith(parameter.unit and f" Unit: {parameter.unit}.")
        assert descriptor.read_only == parameter.read_only
        if isinstance(parameter.default, (int, float)) and not isinstance(parameter.default, bool):
            assert descriptor.integer_range or descriptor.floating_point_range
    assert not set_parameter(robot, "pose_timeout", -1.0).successful
    assert not set_parameter(robot, "mask_radius", 99.0).successful
    assert not set_parameter(robot, "map_id", "office").successful


def test_lifecycle_and_what_outlives_it(make_peer, tmp_path):
    peer = make_peer("/living")
    robot = Robot(peer)
    parameters = {**QUICK, "store_path": tmp_path / "house.sqlite", "autostart": False}

    def change(transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return peer.call(ChangeState, "memory_node/change_state", request).success

    with node_process(MODULE, "/living", **parameters) as node:
        state = peer.call(GetState, "memory_node/get_state", GetState.Request())
        assert state.current_state.label == "unconfigured"
        assert change(Transition.TRANSITION_CONFIGURE)
        answer = peer.call(GetSceneGraph, "memory_node/get_graph", GetSceneGraph.Request())
        assert (answer.success, "is the node active" in answer.message) == (False, True)
        assert change(Transition.TRANSITION_ACTIVATE)
        robot.connect()
        robot.see(*around("a red mug in a kitchen", MUG))
        robot.counts()
        match = known(robot, "mug").matches[0]
        saved = peer.call(Trigger, "memory_node/save", Trigger.Request())
        assert (saved.success, saved.message) == (True, "")
        assert change(Transition.TRANSITION_DEACTIVATE)
        robot.see(view("a book", 100, BOOK, x=3.0))
        assert [one.node for one in ask(robot, "mug").matches] == [match.node]
        assert change(Transition.TRANSITION_CLEANUP)
        idle = peer.status(lambda one: "is unconfigured" in one.message, "the state")
        assert values(idle)["received"] == "4"
        assert change(Transition.TRANSITION_CONFIGURE)
        assert [one.node for one in ask(robot, "mug").matches] == [match.node]
        node.send_signal(signal.SIGKILL)
        node.wait()
    with node_process(MODULE, "/living", **{**parameters, "autostart": True}) as node:
        robot.connect()
        assert [one.node for one in ask(robot, "mug").matches] == [match.node]
        node.send_signal(signal.SIGINT)
        _, printed = node.communicate(timeout=60)
        assert node.returncode == 0
        assert "Traceback" not in printed
        assert "4 observations" in printed


def test_a_store_of_another_map(make_peer, tmp_path):
    path = tmp_path / "home.sqlite"
    with open_memory(path) as memory:
        memory.add_all(around("a red mug", MUG))
    robot = Robot(make_peer("/away"))
    goals = subscribe(robot, PoseStamped, "goal_pose")
    stale = {"map_id": "office", "store_path": path, "on_other_map": "stale", "send_goals": True}
    with node_process(MODULE, "/away", **{**QUICK, **stale}):
        robot.connect()
        status = robot.peer.status(lambda one: "stale" in one.message, "the warning")
        assert (status.level, "the map 'home', not of 'office'" in status.message) == (ERROR, True)
        response = ask(robot, "mug")
        assert (response.map_id, response.stale, response.matches[0].stale) == ("home", True, True)
        asking = robot.peer.node.create_publisher(String, "memory_node/ask", 10)
        wait_until(lambda: asking.get_subscription_count() == 1, "the node's ear")
        asking.publish(String(data="mug"))
        robot.see(view("a book", 100, BOOK))
        counted = robot.counts()
        assert (counted["observed"], counted["dropped.refused"]) == ("0", "1")
        listener = SceneGraphListener(robot.peer.node)
        wait_until(lambda: listener.nodes, "the graph")
        assert (listener.map_id, listener.stale) == ("home", True)
        assert goals == []


def test_mmser_run_memory_with_the_parser_that_ships(make_peer):
    robot = Robot(make_peer("/whole"))
    command = [sys.executable, "-m", "mmser_ros.cli", "run", "memory", "-r", "__ns:=/whole"]
    for name, value in QUICK.items():
        command += ["-p", f"{name}:={value}"]
    with subprocess.Popen(command) as process:
        try:
            wait_until(
                lambda: process.poll() is not None or robot.odometry.get_subscription_count(), "it"
            )
            assert process.poll() is None
            robot.connect()
            robot.see(*around("a red mug stands on a table in a kitchen", MUG))
            match = known(robot, "the red cup on the table").matches[0]
            assert (match.node.label, match.node.room) == ("mug", "kitchen")
        finally:
            process.terminate()
