# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of memory_node, but for the tuning ones.

Launch files read them, with ROS's own Python, which may lack what the package depends on. So this
module needs nothing but ROS.
"""

from __future__ import annotations

from mmser_ros.nodes.common.parameters import AUTOSTART, DIAGNOSTICS_PERIOD, Parameter

# fmt: off
NODE_GROUPS: dict[str, tuple[Parameter, ...]] = {
    "Store": (
        AUTOSTART,
        Parameter("map_id", "map",
            "Name of the map that poses refer to. Use another name for another map.",
            read_only=True, launch=True),
        Parameter("store_path", "",
            "File of the memory. Empty: ~/.ros/mmser/<map_id>.<robot_name>.sqlite. none: keep "
            "nothing over a restart.",
            read_only=True, launch=True),
        Parameter("on_other_map", "refuse",
            "For a store of another map: refuse to start, or answer and mark each answer as "
            "stale.",
            choices=("refuse", "stale"), read_only=True),
        Parameter("robot_name", "",
            "Name of this robot. Empty: the namespace, or robot.",
            read_only=True, launch=True),
    ),
    "Poses": (
        Parameter("pose_source", "tf",
            "tf: map_frame → base_frame from TF. odom: nav_msgs/Odometry on `odom`. pose: "
            "geometry_msgs/PoseStamped on `pose`.",
            choices=("tf", "odom", "pose"), read_only=True, launch=True),
        Parameter("map_frame", "map",
            "Frame of the map; poses in another frame are refused.",
            read_only=True, launch=True),
        Parameter("base_frame", "base_link",
            "Frame of the robot, for pose_source tf.",
            read_only=True, launch=True),
        Parameter("stamp_tolerance", 5.0,
            "Maximum time of a stamp ahead of the clock; a caption, pose or shared observation "
            "beyond it is dropped.",
            unit="s", minimum=0.0, maximum=3600.0),
        Parameter("pose_timeout", 0.5,
            "Maximum time that a caption waits for the pose (and depth) at its stamp; then it "
            "is dropped.",
            unit="s", minimum=0.0, maximum=10.0),
        Parameter("pose_gap", 0.5,
            "Maximum time between two poses to interpolate between (odom, pose).",
            unit="s", minimum=0.01, maximum=10.0, read_only=True),
        Parameter("pose_buffer", 30.0,
            "Length of the pose buffer; must be longer than a caption takes.",
            unit="s", minimum=1.0, maximum=600.0, read_only=True),
        Parameter("position_sigma", 0.05,
            "Standard deviation of the robot's position if Odometry has no covariance.",
            unit="m", minimum=0.0, maximum=10.0, read_only=True),
        Parameter("heading_sigma", 0.03,
            "Standard deviation of the robot's heading if Odometry has no covariance.",
            unit="rad", minimum=0.0, maximum=3.1, read_only=True),
        Parameter("qos_reliability", "best_effort",
            "Reliability of the subscriptions to poses, depth and camera_info; best_effort is "
            "compatible with every publisher.",
            choices=("best_effort", "reliable"), read_only=True),
    ),
    "Depth and camera": (
        Parameter("use_depth", False,
            "Subscribe to `depth` (sensor_msgs/Image, registered to the captioned image); needs "
            "`camera_info`.",
            read_only=True, launch=True),
        Parameter("depth_transport", "raw",
            "raw: sensor_msgs/Image on `depth`. compressedDepth: sensor_msgs/CompressedImage "
            "(PNG) on `depth`/compressedDepth.",
            choices=("raw", "compressedDepth"), read_only=True, launch=True),
        Parameter("depth_slop", 0.02,
            "Maximum time difference between the stamps of a caption and its depth.",
            unit="s", minimum=0.0, maximum=1.0),
        Parameter("camera_x", 0.0,
            "Position of the camera on the robot, forward. Used with camera_info if pose_source "
            "is not tf.",
            unit="m", minimum=-10.0, maximum=10.0, read_only=True),
        Parameter("camera_y", 0.0,
            "Position of the camera on the robot, to the left. Used with camera_info if "
            "pose_source is not tf.",
            unit="m", minimum=-10.0, maximum=10.0, read_only=True),
        Parameter("camera_z", 0.0,
            "Position of the camera on the robot, up. Used with camera_info if pose_source is "
            "not tf.",
            unit="m", minimum=-10.0, maximum=10.0, read_only=True),
        Parameter("camera_yaw", 0.0,
            "Rotation of the camera on the robot, to the left. Used with camera_info if "
            "pose_source is not tf.",
            unit="rad", minimum=-3.2, maximum=3.2, read_only=True),
        Parameter("camera_pitch", 0.0,
            "Rotation of the camera on the robot, down. Used with camera_info if pose_source is "
            "not tf.",
            unit="rad", minimum=-1.6, maximum=1.6, read_only=True),
    ),
    "Outputs": (
        Parameter("graph_period", 1.0,
            "Minimum time between two messages on scene_graph.",
            unit="s", minimum=0.05, maximum=60.0, read_only=True),
        Parameter("full_graph_interval", 50,
            "Number of deltas on scene_graph between two full graphs.",
            unit="messages", minimum=0, maximum=10000, read_only=True),
        Parameter("markers", True,
            "Publish scene_markers while there is a subscriber."),
        Parameter("mask_classes", "",
            "Words or kinds of the objects that semantic_mask marks, separated by commas, such "
            "as `person,stairs`. Empty: no mask.",
            launch=True),
        Parameter("mask_radius", 0.5,
            "Radius of the mask around such an object.",
            unit="m", minimum=0.0, maximum=20.0),
        Parameter("mask_probability", 0.2,
            "Minimum probability that such an object is within mask_radius of a cell; then the "
            "cell is marked.",
            minimum=0.01, maximum=1.0),
        Parameter("robot_radius", 0.2,
            "Radius around the robot's path since the last detection of such an object; these "
            "cells stay free.",
            unit="m", minimum=0.0, maximum=5.0),
        Parameter("mask_resolution", 0.1,
            "Width of a cell of the mask.",
            unit="m", minimum=0.01, maximum=5.0),
    ),
    "Goals": (
        Parameter("send_goals", False,
            "Send the robot to the best answer to a question on ~/ask.",
            launch=True),
        Parameter("min_goal_score", 0.3,
            "Minimum score of an answer that the robot is sent to.",
            minimum=0.0, maximum=1.0),
        Parameter("goal_action", "",
            "Name of Nav2's NavigateToPose action, such as navigate_to_pose. Empty: publish on "
            "goal_pose.",
            read_only=True),
    ),
    "Several robots": (
        Parameter("share_with_robots", False,
            "Publish observations for other robots on the same map, and receive theirs.",
            read_only=True, launch=True),
        Parameter("digest_period", 5.0,
            "Time between two digests, by which other robots find missing observations.",
            unit="s", minimum=0.1, maximum=3600.0, read_only=True),
    ),
    "Diagnostics": (
        Parameter("input_timeout", 5.0,
            "Time without a caption after which diagnostics report ERROR.",
            unit="s", minimum=0.1, maximum=3600.0),
        DIAGNOSTICS_PERIOD,
    ),
}
# fmt: on
"""By their headings in the YAML file and in docs/parameters.md."""
NODE_PARAMETERS = tuple(one for group in NODE_GROUPS.values() for one in group)
