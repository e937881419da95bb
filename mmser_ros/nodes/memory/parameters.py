# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of memory_node."""

from __future__ import annotations

from mmser_ros.nodes.common.parameters import Parameter
from mmser_ros.nodes.memory.tuning_parameters import TUNING_PARAMETERS

MEMORY_PARAMETERS = (
    Parameter("autostart", True, "Configure and activate at start, without a manager.", fixed=True),
    Parameter(
        "map_id", "map", "Name of the map that poses are in: another map, another name.", fixed=True
    ),
    Parameter(
        "store",
        "",
        "File of the memory; empty: ~/.ros/mmser/<map_id>.<robot_name>.sqlite; none keeps "
        "nothing over a restart.",
        fixed=True,
    ),
    Parameter(
        "on_other_map",
        "refuse",
        "What to do with a store of another map: refuse it, or answer from it with every answer "
        "marked stale.",
        choices=("refuse", "stale"),
        fixed=True,
    ),
    Parameter("robot_name", "", "Who sees; empty: the namespace, or robot.", fixed=True),
    Parameter(
        "pose_source",
        "tf",
        "tf: map_frame → base_frame; odom: nav_msgs/Odometry on `odom`; pose: "
        "geometry_msgs/PoseStamped on `pose`.",
        choices=("tf", "odom", "pose"),
        fixed=True,
    ),
    Parameter("map_frame", "map", "Frame of the map; poses in another are refused.", fixed=True),
    Parameter("base_frame", "base_link", "Frame of the robot, for pose_source tf.", fixed=True),
    Parameter(
        "stamp_tolerance",
        5.0,
        "Seconds that a stamp may be ahead of the clock; with more a caption, a pose or another "
        "robot's observation is dropped.",
        least=0.0,
        greatest=3600.0,
    ),
    Parameter(
        "pose_timeout",
        0.5,
        "Seconds a caption may wait for the pose (and depth) of its stamp; then it is dropped.",
        least=0.0,
        greatest=10.0,
    ),
    Parameter(
        "pose_gap",
        0.5,
        "Seconds between two poses that may be interpolated over, at most (odom, pose).",
        least=0.01,
        greatest=10.0,
        fixed=True,
    ),
    Parameter(
        "pose_buffer",
        30.0,
        "Seconds of poses to keep: longer than a caption takes.",
        least=1.0,
        greatest=600.0,
        fixed=True,
    ),
    Parameter(
        "position_sigma",
        0.05,
        "Standard deviation of the pose's position in metres, where Odometry tells none.",
        least=0.0,
        greatest=10.0,
        fixed=True,
    ),
    Parameter(
        "heading_sigma",
        0.03,
        "Standard deviation of the pose's heading in radians, where Odometry tells none.",
        least=0.0,
        greatest=3.1,
        fixed=True,
    ),
    Parameter(
        "qos_reliability",
        "best_effort",
        "Of the subscriptions to poses, depth and camera_info; best_effort hears every publisher.",
        choices=("best_effort", "reliable"),
        fixed=True,
    ),
    Parameter(
        "use_depth",
        False,
        "Hear `depth` (sensor_msgs/Image, registered to the captioned one); needs `camera_info`.",
        fixed=True,
    ),
    Parameter(
        "depth_transport",
        "raw",
        "raw takes sensor_msgs/Image on `depth`, compressedDepth sensor_msgs/CompressedImage on "
        "`depth`/compressedDepth (PNG).",
        choices=("raw", "compressedDepth"),
        fixed=True,
    ),
    Parameter(
        "depth_slop",
        0.02,
        "Seconds between a caption's stamp and that of its depth, at most.",
        least=0.0,
        greatest=1.0,
    ),
    Parameter(
        "camera_x",
        0.0,
        "Where the camera is on the robot, in metres ahead of its frame's origin. These five hold "
        "with camera_info where pose_source is not tf.",
        least=-10.0,
        greatest=10.0,
        fixed=True,
    ),
    Parameter(
        "camera_y", 0.0, "The same, metres to the left.", least=-10.0, greatest=10.0, fixed=True
    ),
    Parameter("camera_z", 0.0, "The same, metres up.", least=-10.0, greatest=10.0, fixed=True),
    Parameter(
        "camera_yaw",
        0.0,
        "How the camera is turned, radians to the left.",
        least=-3.2,
        greatest=3.2,
        fixed=True,
    ),
    Parameter("camera_pitch", 0.0, "The same, radians down.", least=-1.6, greatest=1.6, fixed=True),
    *TUNING_PARAMETERS,
    Parameter(
        "graph_period",
        1.0,
        "Seconds between two messages on scene_graph, at least.",
        least=0.05,
        greatest=60.0,
        fixed=True,
    ),
    Parameter(
        "full_every",
        50,
        "Deltas on scene_graph from one full graph to the next.",
        least=0,
        greatest=10000,
        fixed=True,
    ),
    Parameter("markers", True, "Publish scene_markers while somebody listens."),
    Parameter(
        "mask_classes",
        "",
        "Words or kinds, with commas between them, of things that semantic_mask keeps clear of, "
        "such as `person,stairs`; empty: no mask.",
    ),
    Parameter("mask_radius", 0.5, "Metres around such a thing.", least=0.0, greatest=20.0),
    Parameter(
        "mask_probability",
        0.2,
        "Probability that such a thing is within mask_radius of a cell, from which it is marked.",
        least=0.01,
        greatest=1.0,
    ),
    Parameter(
        "robot_radius",
        0.2,
        "Metres around where a robot has driven since such a thing was seen, that stay free.",
        least=0.0,
        greatest=5.0,
    ),
    Parameter(
        "mask_resolution", 0.1, "Width of a cell of the mask in metres.", least=0.01, greatest=5.0
    ),
    Parameter("send_goals", False, "Let a question on ~/ask send the robot to the best answer."),
    Parameter(
        "goal_score", 0.3, "Score (0 to 1) that an answer needs for that.", least=0.0, greatest=1.0
    ),
    Parameter(
        "goal_action",
        "",
        "Name of Nav2's NavigateToPose action to send goals to, such as navigate_to_pose; empty: "
        "publish them on goal_pose.",
        fixed=True,
    ),
    Parameter(
        "share",
        False,
        "Tell other robots' memories of the same map what is observed, and hear theirs.",
        fixed=True,
    ),
    Parameter(
        "share_period",
        5.0,
        "Seconds between two digests of what is known, by which others find what they missed.",
        least=0.1,
        greatest=3600.0,
        fixed=True,
    ),
    Parameter(
        "input_timeout",
        5.0,
        "Seconds without a caption until diagnostics say ERROR.",
        least=0.1,
        greatest=3600.0,
    ),
    Parameter(
        "diagnostics_period",
        0.5,
        "Seconds between messages on /diagnostics.",
        least=0.05,
        greatest=60.0,
        fixed=True,
    ),
)
