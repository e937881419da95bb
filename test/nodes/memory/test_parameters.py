# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of memory_node that it hands on, in a node of the test's process."""

from importlib.util import find_spec

import pytest
from rclpy.clock import ClockType
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.time import Time

from benchmarks.made_scenes import open_memory
from mmser_ros.memory.config import MemoryConfig, MemoryConfigError
from mmser_ros.nodes.common.pose_buffer import PoseBuffer
from mmser_ros.nodes.memory.node import MemoryNode
from mmser_ros.nodes.memory.tuning_parameters import TUNING_PARAMETERS
from test.memory.test_parameters import EFFECTS
from test.nodes.plain_memory_node import open_plain


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Configures a node with parameters; gives what it opened the memory with."""
    monkeypatch.setenv("ROS_HOME", str(tmp_path))
    nodes = []

    def configure(namespace="/asked", **parameters):
        asked = {}

        def factory(path, map_id, **options):
            asked.update(path=path, map_id=map_id, **options)
            return open_memory()

        given = {"pose_source": "odom", **parameters}
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        node = MemoryNode(factory, namespace=namespace, parameter_overrides=overrides)
        nodes.append(node)
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        return asked

    configure.nodes = nodes
    yield configure
    for node in nodes:
        node.destroy_node()


def test_where_the_memory_is_kept(opened, tmp_path):
    assert opened(map_id="my house")["path"] == tmp_path / "mmser/my%20house.asked.sqlite"
    assert opened(store_path=str(tmp_path / "x.sqlite"))["path"] == tmp_path / "x.sqlite"
    assert opened(store_path="none")["path"] is None


def test_who_sees(opened):
    assert opened("/fleet/r1")["robot"] == "fleet_r1"
    assert opened("/fleet/r1", robot_name="ada")["robot"] == "ada"
    assert opened("/")["robot"] == "robot"


def test_map_and_frame(opened):
    asked = opened(map_id="house", map_frame="world", on_other_map="stale")
    assert (asked["map_id"], asked["frame"], asked["on_other_map"]) == ("house", "world", "stale")


@pytest.mark.parametrize("parameter", TUNING_PARAMETERS, ids=lambda one: one.name)
def test_what_is_the_memorys(opened, parameter):
    assert opened()["config"] == MemoryConfig()
    given = opened(**{parameter.name: parameter.maximum})["config"]
    assert given == MemoryConfig(**{parameter.name: parameter.maximum})
    assert given != MemoryConfig()
    with pytest.raises(MemoryConfigError):
        MemoryConfig(**{parameter.name: 2 * parameter.maximum})


def refused(factory=open_memory, **parameters):
    """What a node says that can't be configured."""
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    node = MemoryNode(factory, parameter_overrides=overrides)
    heard = []
    node.get_logger().error = heard.append
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    node.destroy_node()
    return heard[0]


def test_by_default_poses_come_from_tf():
    if find_spec("tf2_ros"):
        pytest.skip("tf2_ros is installed here")
    assert "set pose_source to odom or pose" in refused(lambda *_, **__: open_memory())


def test_a_store_of_another_map_is_refused(tmp_path):
    path = tmp_path / "home.sqlite"
    open_memory(path, map_id="home").close()

    def factory(path, map_id, *, on_other_map, **_):
        return open_memory(path, map_id=map_id, on_other_map=on_other_map)

    said = refused(factory, store_path=str(path), map_id="office", pose_source="odom")
    assert "is of the map 'home', not of 'office'" in said
    assert "Traceback" not in said


def test_a_map_needs_a_name():
    assert "map_id is empty" in refused(map_id="", pose_source="odom")


def test_a_store_that_can_not_be_made_is_kept_in_memory():
    parameters = {"store_path": "/dev/null/x.sqlite", "pose_source": "odom"}
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    node = MemoryNode(open_plain, parameter_overrides=overrides)
    warned = []
    node.get_logger().warning = warned.append
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    node.destroy_node()
    assert "/dev/null/x.sqlite can't be written" in warned[0]
    assert "the folder /dev/null is no folder" in warned[0]


def test_what_holds_something_else_is_refused_at_start(tmp_path):
    path = tmp_path / "letters.txt"
    path.write_text("Dear robot")
    said = refused(open_plain, store_path=str(path), pose_source="odom")
    assert "can't be read as a scene memory: it is no database" in said
    assert "Traceback" not in said
    assert path.read_text() == "Dear robot"


def test_when_the_clock_jumps_back_poses_begin_anew(opened, monkeypatch):
    resets = []

    def reset(poses):
        resets.append(poses)

    monkeypatch.setattr(PoseBuffer, "reset", reset)
    opened()
    clock = opened.nodes[-1].get_clock()
    clock._set_ros_time_is_active(True)
    clock.set_ros_time_override(Time(seconds=100, clock_type=ClockType.ROS_TIME))
    before = len(resets)
    clock.set_ros_time_override(Time(seconds=101, clock_type=ClockType.ROS_TIME))
    assert len(resets) == before
    clock.set_ros_time_override(Time(seconds=5, clock_type=ClockType.ROS_TIME))
    assert len(resets) == before + 1


def test_what_is_tuned_is_what_is_tested():
    assert {one.name for one in TUNING_PARAMETERS} == EFFECTS.keys()
