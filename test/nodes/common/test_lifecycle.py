# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The start and the end of a node's process."""

import signal

import pytest

from test.nodes.conftest import PATIENCE, node_process
from test.nodes.slow_to_stop import MODULE


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGINT]])
def test_a_node_is_destroyed_after_its_executor_has_stopped(signals):
    with node_process(MODULE, "/ending") as node:
        assert node.stderr.readline() == "spinning\n"
        for one in signals:
            node.send_signal(one)
        _, printed = node.communicate(timeout=PATIENCE)
        assert node.returncode == 0
        stopped, left = printed.replace("spinning\n", "").splitlines()
        assert stopped == "stopped"
        assert int(left.split()[0]) < 1000, left  # the end of the interpreter is quick


def test_a_signal_waits_until_the_node_is_active():
    with node_process(MODULE, "/starting", autostart=True) as node:
        _, printed = node.communicate(timeout=PATIENCE)
    assert node.returncode == 0
    assert printed.splitlines()[:2] == ["activated", "stopped"]
