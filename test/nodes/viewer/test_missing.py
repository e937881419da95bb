# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import sys

from rclpy.lifecycle import TransitionCallbackReturn

from mmser_ros.nodes.viewer.node import ViewerNode
from test.nodes.conftest import values


def test_without_rerun_it_says_what_to_install(make_peer, monkeypatch):
    peer = make_peer("/unseen")
    monkeypatch.setitem(sys.modules, "rerun", None)
    monkeypatch.delitem(sys.modules, "mmser_ros.nodes.viewer.recording", raising=False)
    node = ViewerNode(namespace="/unseen")
    peer._executor.add_node(node)  # its diagnostics need somebody who spins it
    try:
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
        status = peer.status(lambda one: one.level == b"\2", "an error")
        assert "the viewer needs Rerun" in status.message
        assert "pip install '.[viewer]'" in status.message
        assert values(status)["state"] == "unconfigured"
    finally:
        peer._executor.remove_node(node)
        node.destroy_node()
