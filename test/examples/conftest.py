# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Peers of the examples that are ROS nodes."""

from test.nodes.conftest import _ros, make_peer  # noqa: F401
