# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""caption_node and memory_node in one process, over DDS."""

import signal

import pytest
from lifecycle_msgs.srv import GetState
from mmser_ros.srv import QueryScene
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CompressedImage

from test.nodes.conftest import (
    PATIENCE,
    connect,
    make_compressed,
    node_process,
    stripes,
    values,
    wait_until,
)

MODULE, COMMAND = "mmser_ros.nodes.nodes", "mmser_ros.cli"


@pytest.mark.parametrize(
    ("program", "words", "ending"),
    [(MODULE, [], signal.SIGINT), (COMMAND, ["run", "nodes"], signal.SIGTERM)],
)
def test_both_work_and_one_signal_ends_both(
    make_peer, tmp_path, tiny_checkpoint, program, words, ending
):
    file = tmp_path / "robot.yaml"
    file.write_text(f"""
/**/caption_node:
  ros__parameters: {{model: {tiny_checkpoint}, image_transport: compressed, ground: true}}
/**/memory_node:
  ros__parameters:
    {{map_id: home, store_path: none, pose_source: odom, pose_timeout: 10.0, graph_period: 0.1}}
""")
    peer = make_peer("/both")
    arguments = ["-r", "caption_node:image:=eye", "--params-file", str(file)]
    names = ["caption_node", "memory_node"]
    with node_process(program, "/both", *arguments, names=[*words, *names]) as process:
        images = connect(peer, kind=CompressedImage, topic="eye/compressed")
        odometry = peer.publisher(kind=Odometry, topic="odom")
        wait_until(lambda: odometry.get_subscription_count() == 1, "the listener of odometry")
        for name in names:
            state = peer.call(GetState, f"{name}/get_state", GetState.Request())
            assert state.current_state.label == "active"
        image = make_compressed(stripes(100))
        image.header.stamp = peer.node.get_clock().now().to_msg()
        pose = Odometry()
        pose.header.stamp, pose.header.frame_id = image.header.stamp, "map"
        pose.pose.pose.orientation.w = 1.0
        odometry.publish(pose)
        images.publish(image)
        wait_until(lambda: peer.captions, "a caption")
        assert peer.captions[0].header.stamp == image.header.stamp
        peer.status(lambda one: values(one).get("observed") == "1", "the caption in the memory")
        request = QueryScene.Request(text="")
        assert peer.call(QueryScene, "memory_node/query", request).success
        process.send_signal(ending)
        assert process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "got no names; expected some of caption_node, memory_node"),
        (["caption_node", "replay_node"], "got caption_node replay_node; expected some of"),
        (["memory_node", "memory_node"], "got memory_node memory_node; expected some of"),
    ],
)
def test_names_that_can_not_be(names, said):
    with node_process(MODULE, "/none", names=names) as process:
        _, printed = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert said in printed


def test_one_that_can_not_start_ends_both(tiny_checkpoint):
    arguments = ["-p", f"model:={tiny_checkpoint}", "-p", 'map_id:=""']
    names = ["caption_node", "memory_node"]
    with node_process(MODULE, "/half", *arguments, names=names) as process:
        _, printed = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "memory_node can't start; the log above says why" in printed
