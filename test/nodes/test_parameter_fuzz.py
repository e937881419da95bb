# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Every YAML value of every parameter: a node starts, or says in a line why not."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rclpy._rclpy_pybind11 import RCLError
from rclpy.exceptions import InvalidParameterValueException, ParameterException
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from mmser_ros.core.errors import MmserError
from mmser_ros.nodes.caption.node import CaptionNode
from mmser_ros.nodes.caption.parameters import CAPTION_PARAMETERS
from mmser_ros.nodes.memory.node import MemoryNode
from mmser_ros.nodes.memory.tuning_parameters import MEMORY_PARAMETERS
from mmser_ros.nodes.replay.node import ReplayNode
from mmser_ros.nodes.replay.parameters import REPLAY_PARAMETERS
from test.nodes.bags import write_mcap
from test.nodes.odd_messages import EXAMPLES, texts
from test.nodes.plain_memory_node import open_plain
from test.nodes.scripted_captioner import Captioner

SAID = (ValueError, ParameterException, InvalidParameterValueException, RCLError, MmserError)
"""What ends a node with a line, not with a traceback."""
KINDS = {
    "memory": (
        lambda **options: MemoryNode(open_plain, **options),
        MEMORY_PARAMETERS,
        {
            "pose_source": "odom",
            "store_path": "none",
            "share_with_robots": True,
            "mask_classes": "mug",
        },
    ),
    "caption": (
        lambda **options: CaptionNode(lambda **_: Captioner(), **options),
        CAPTION_PARAMETERS,
        {},
    ),
    "replay": (ReplayNode, REPLAY_PARAMETERS, {"source": "walk.mcap"}),
}
PLACES = [(kind, one.name) for kind, (_, table, _) in KINDS.items() for one in table]
plain = (
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(-3, 300)
    | st.floats()
    | texts.filter(lambda text: not text.strip().startswith(("/", "~")) and ".." not in text)
    | st.none()
)
written = st.sampled_from(
    [
        *(
            "yes",
            "off",
            "~",
            "''",
            "1_000",
            "0x1F",
            "1e3",
            "1.",
            ".5",
            "-.inf",
            ".nan",
            "+7",
            "08",
            "012",
        ),
        *("2026-11-28", "!!str 5", "!!binary aGk=", "&a 5", "*a", "[1, a]", "{a: 1}", "[]", "- 1"),
        *("'5.0'", '"\\x00"', '"\\n"', "nan", "NaN", "None", "% 5", "@", "5 # five", "'true'"),
    ]
)
yaml_texts = written | (plain | st.lists(plain, max_size=3)).map(
    lambda value: yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").strip()
)
fuzzed = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where paths that are made up may become files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROS_HOME", str(tmp_path))
    write_mcap(tmp_path / "walk.mcap", count=1)
    return tmp_path


@fuzzed
@given(st.sampled_from(PLACES), yaml_texts)
def test_at_start(folder, place, text):
    kind, name = place
    make, _, given_too = KINDS[kind]
    lines = [f"    {key}: {value}" for key, value in given_too.items() if key != name]
    file = folder / "parameters.yaml"
    file.write_text("\n".join(["/**:", "  ros__parameters:", *lines, f"    {name}: {text}", ""]))
    try:
        node = make(namespace="/odd", cli_args=["--ros-args", "--params-file", str(file)])
    except SAID as error:
        assert isinstance(error, (RCLError, MmserError)) or name in str(error)
        return
    try:
        if kind != "replay" and node.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            node.trigger_activate()
            for timer in list(node.timers):
                timer.callback()
        assert "Traceback" not in getattr(node, "failure", "")
    finally:
        node.destroy_node()


@pytest.fixture(scope="module")
def running():
    """An active node of each kind that has a lifecycle, and its parameters that can change."""
    nodes = {}
    for kind in ("memory", "caption"):
        make, table, given_too = KINDS[kind]
        overrides = [Parameter(name, value=value) for name, value in given_too.items()]
        node = make(namespace="/changed", parameter_overrides=overrides)
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        nodes[kind] = (node, table)
    yield nodes
    for node, _ in nodes.values():
        node.destroy_node()


changes = (
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | texts | st.lists(st.floats())
)


@fuzzed
@given(st.data())
def test_while_it_runs(running, data):
    node, table = running[data.draw(st.sampled_from(sorted(running)))]
    parameter = data.draw(st.sampled_from(table))
    value = data.draw(changes)
    (result,) = node.set_parameters([Parameter(parameter.name, value=value)])
    assert result.successful or result.reason
    if parameter.read_only:
        assert not result.successful
    for timer in list(node.timers):
        timer.callback()
