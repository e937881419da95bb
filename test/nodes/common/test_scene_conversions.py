# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmser_ros.msg import SceneObservation
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo

from benchmarks.made_scenes import around, remember
from mmser_ros.core.types import Camera, DepthGrid, Observation, Pose
from mmser_ros.memory.storage.serialization import normal_form
from mmser_ros.nodes.common.scene_conversions import (
    StampError,
    camera_from_info,
    edge_to_message,
    match_to_message,
    nanoseconds,
    node_to_message,
    observation_from_message,
    observation_to_message,
    stamp_of,
)
from test.nodes.common.test_conversions import captions_of, metres, words

sigmas = st.floats(0, 10)
quaternions = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda one: sum(x * x for x in one) > 0.1)
poses = st.builds(
    Pose,
    st.tuples(metres, metres, metres),
    quaternions,
    position_sigma=sigmas,
    heading_sigma=sigmas,
)
sizes, focal = st.integers(1, 10_000), st.floats(1, 1e4)
cameras = st.builds(
    Camera, width=sizes, height=sizes, fx=focal, fy=focal, cx=focal, cy=focal, mount=poses
)
grids = st.lists(st.integers(0, 10_000), min_size=6, max_size=6).map(
    lambda cells: DepthGrid(3, 2, tuple(cells))
)
observations = st.builds(
    Observation,
    robot=words,
    stamp_ns=st.integers(1, 2**31 * 1_000_000_000 - 1),
    caption=captions_of(st.integers(0, 10**8)),  # the memory refuses larger ones
    pose=poses,
    map_id=words,
    camera=st.none() | cameras,
    depth=st.none() | grids,
)


@given(observations)
def test_an_observation_is_the_same_after_its_journey(observation):
    sent = normal_form(observation)
    wire = serialize_message(observation_to_message(sent))
    received = observation_from_message(deserialize_message(wire, SceneObservation))
    assert normal_form(received) == sent


@given(st.integers(0, 2**31 * 1_000_000_000 - 1))
def test_stamps(moment):
    assert nanoseconds(stamp_of(moment)) == moment


@pytest.mark.parametrize("moment", [-1, 2**31 * 1_000_000_000])
def test_stamps_that_can_not_be(moment):
    with pytest.raises(StampError, match="is a clock set"):
        stamp_of(moment)


def info(**fields):
    message = CameraInfo(width=640, height=480, **fields)
    message.k = [500.0, 0.0, 300.0, 0.0, 510.0, 200.0, 0.0, 0.0, 1.0]
    return message


def test_a_camera_as_rectification_leaves_it():
    mount = Pose((0.1, 0.0, 0.5))
    size = {"width": 640, "height": 480}
    camera = Camera(**size, fx=500.0, fy=510.0, cx=300.0, cy=200.0, mount=mount)
    assert camera_from_info(info(), mount) == camera
    message = info()
    message.p[0], message.p[5], message.p[2], message.p[6] = 400.0, 410.0, 310.0, 210.0
    camera = Camera(**size, fx=400.0, fy=410.0, cx=310.0, cy=210.0, mount=mount)
    assert camera_from_info(message, mount) == camera
    assert camera_from_info(CameraInfo(width=640, height=480), mount) is None


def test_nodes_and_edges_of_a_graph():
    memory = remember(*around("a red mug on a table in a kitchen", OBJECTS))
    graph = memory.graph()
    nodes = {name: node_to_message(name, about) for name, about in graph.nodes(data=True)}
    assert {one.layer for one in nodes.values()} == {"room", "place", "object", "robot"}
    mug = next(one for one in nodes.values() if one.label == "mug")
    assert (mug.kind, mug.attributes, mug.robot) == ("object", ["red"], "robot")
    assert (mug.position.x, mug.position.y) == (
        pytest.approx(2.0, abs=0.2),
        pytest.approx(0, abs=0.2),
    )
    assert nanoseconds(mug.last_seen) == 40 * 10**9
    assert nanoseconds(mug.first_seen) == 10 * 10**9
    assert mug.probability > 0.7
    assert mug.caption == "a red mug on a table in a kitchen"
    edges = [edge_to_message(one[:3], one[3]) for one in graph.edges(keys=True, data=True)]
    on = next(one for one in edges if one.predicate == "on")
    assert (on.source, nodes[on.target].label) == (mug.id, "table")
    assert on.probability > 0.5
    assert all(one.length > 0 for one in edges if one.predicate == "path")


def test_a_match_with_its_way():
    memory = remember(*around("a red mug on a table in a kitchen", OBJECTS))
    match = memory.find("red mug")[0]
    route = memory.path_to(match)
    message = match_to_message(match, route, memory.relations(match), stamp_of(77))
    assert message.node == node_to_message(match.name, memory.graph().nodes[match.name])
    assert (message.pose.header.frame_id, message.pose.header.stamp.nanosec) == ("map", 77)
    assert message.path.header == message.pose.header
    assert message.path.poses[-1].pose == message.pose.pose
    assert message.path_length == pytest.approx(route.length, rel=1e-6)
    assert [one.predicate for one in message.relations] == ["on"]
    assert (message.map_id, message.stale) == ("home", False)
    nowhere = match_to_message(match, None, [], stamp_of(77))
    assert (nowhere.path.poses, nowhere.path_length) == ([], 0.0)


OBJECTS = [("mug", (2.0, 0.0, 0.8)), ("table", (2.0, 0.0, 0.4))]
