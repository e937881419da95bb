# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of viewer_node."""

from __future__ import annotations

from mmser_ros.nodes.common.parameters import AUTOSTART, DIAGNOSTICS_PERIOD, Parameter

PORTS = 65535

# fmt: off
VIEWER_GROUPS: dict[str, tuple[Parameter, ...]] = {
    "Output": (
        AUTOSTART,
        Parameter("show", "web",
            "web: a page for a browser. window: Rerun's own window. none: nothing, with "
            "recording.",
            choices=("web", "window", "none"), read_only=True, launch=True),
        Parameter("recording", "",
            "File to write, such as home.rrd; `rerun home.rrd` shows it. Empty: none.",
            read_only=True, launch=True),
        Parameter("web_port", 9090,
            "Port of the page.",
            minimum=1, maximum=PORTS, read_only=True, launch=True),
        Parameter("grpc_port", 9876,
            "Port that the page, or Rerun elsewhere, gets its data from.",
            minimum=1, maximum=PORTS, read_only=True, launch=True),
        Parameter("host", "127.0.0.1",
            "Name or address of this machine, as browsers reach it. With another than 127.0.0.1, "
            "every machine that reaches the ports can look.",
            read_only=True, launch=True),
        Parameter("open_browser", False,
            "Open the page in the browser of this machine.",
            read_only=True, launch=True),
        Parameter("memory_limit", "1GiB",
            "What is kept for browsers that come later; then the oldest is dropped.",
            read_only=True),
    ),
    "Input": (
        Parameter("image_transport", "raw",
            "raw: sensor_msgs/Image on `image`. compressed: sensor_msgs/CompressedImage on "
            "`image`/compressed.",
            choices=("raw", "compressed"), read_only=True, launch=True),
        Parameter("qos_reliability", "best_effort",
            "Reliability of the subscriptions to images and poses.",
            choices=("best_effort", "reliable"), read_only=True),
        Parameter("pose_source", "pose",
            "pose: geometry_msgs/PoseStamped on `pose`. odom: nav_msgs/Odometry on `odom`.",
            choices=("pose", "odom"), read_only=True),
    ),
    "Diagnostics": (
        DIAGNOSTICS_PERIOD,
    ),
}
# fmt: on
"""By their headings in the YAML file and in docs/parameters.md."""
VIEWER_PARAMETERS = tuple(one for group in VIEWER_GROUPS.values() for one in group)
