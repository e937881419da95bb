# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of memory_node that it hands on, in a node of the test's process."""

import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from mmser_ros.memory.config import RANGES, MemoryConfig
from mmser_ros.nodes.memory_node import MemoryNode
from mmser_ros.nodes.memory_parameters import MEMORY_PARAMETERS, OF_THE_MEMORY
from test.memory.scenes import open_memory


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

    yield configure
    for node in nodes:
        node.destroy_node()


def test_where_the_memory_is_kept(opened, tmp_path):
    assert opened(map_id="my house")["path"] == tmp_path / "mmser/my%20house.asked.sqlite"
    assert (tmp_path / "mmser").is_dir()
    assert opened(store=str(tmp_path / "x.sqlite"))["path"] == tmp_path / "x.sqlite"
    assert opened(store="none")["path"] is None


def test_who_sees(opened):
    assert opened("/fleet/r1")["robot"] == "fleet_r1"
    assert opened("/fleet/r1", robot_name="ada")["robot"] == "ada"
    assert opened("/")["robot"] == "robot"


def test_map_and_frame(opened):
    asked = opened(map_id="house", map_frame="world", on_other_map="stale")
    assert (asked["map_id"], asked["frame"], asked["on_other_map"]) == ("house", "world", "stale")


@pytest.mark.parametrize("parameter", OF_THE_MEMORY, ids=lambda one: one.name)
def test_what_is_the_memorys(opened, parameter):
    assert opened()["config"] == MemoryConfig()
    least, greatest = RANGES[parameter.name]
    assert (parameter.least, parameter.greatest) == (least, greatest)
    given = opened(**{parameter.name: least})["config"]
    assert getattr(given, parameter.name) == least


def test_every_half_life_can_be_set():
    names = {one for one in RANGES if one.startswith("half_life")}
    assert names <= {one.name for one in MEMORY_PARAMETERS}
