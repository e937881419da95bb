# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of simulation_node."""

from __future__ import annotations

from mmser_ros.nodes.common.parameters import AUTOSTART, DIAGNOSTICS_PERIOD, Parameter

SEEDS = 2**31 - 1

# fmt: off
SIMULATION_GROUPS: dict[str, tuple[Parameter, ...]] = {
    "Home": (
        AUTOSTART,
        Parameter("seed", 0,
            "Seed of the home. The same seed and split give the same home.",
            minimum=0, maximum=SEEDS, read_only=True, launch=True),
        Parameter("split", "evaluation",
            "Designs and textures of the home; no design is in both.",
            choices=("train", "evaluation"), read_only=True, launch=True),
        Parameter("robot_seed", 0,
            "Seed of the robot's start and of the errors of its odometry.",
            minimum=0, maximum=SEEDS, read_only=True, launch=True),
        Parameter("drift", 1.0,
            "Size of the errors of odometry, as a multiple of 1 % of the way and of the turns. "
            "0: no errors.",
            minimum=0.0, maximum=100.0, read_only=True, launch=True),
        Parameter("width", 320,
            "Width of the images; their height is three quarters of it.",
            unit="pixels", minimum=80, maximum=1280, read_only=True, launch=True),
    ),
    "Time": (
        Parameter("rate", 5.0,
            "Rate of the images, in simulated time.",
            unit="Hz", minimum=0.1, maximum=60.0, read_only=True, launch=True),
        Parameter("pose_rate", 20.0,
            "Rate of /clock, odom, pose and TF, in simulated time; rounded to a multiple of rate.",
            unit="Hz", minimum=1.0, maximum=200.0, read_only=True),
        Parameter("speed", 1.0,
            "Simulated seconds per second. 0: as fast as it goes.",
            minimum=0.0, maximum=1000.0, launch=True),
        Parameter("lockstep", False,
            "After each image, time stands still until its caption has come, or the captioner "
            "has dropped it. So results do not depend on the speed of the machine.",
            launch=True),
        Parameter("lockstep_timeout", 30.0,
            "Maximum time that lockstep waits.",
            unit="s", minimum=0.1, maximum=3600.0),
        Parameter("publish_clock", True,
            "Publish /clock.",
            read_only=True, launch=True),
    ),
    "Driving": (
        Parameter("drive_to_goals", True,
            "Drive to poses on goal_pose. false: leave them to Nav2.",
            read_only=True, launch=True),
        Parameter("explore", False,
            "Drive to what the robot has not seen yet, while it has no goal and no cmd_vel.",
            launch=True),
        Parameter("cmd_vel_type", "Twist",
            "Message type of cmd_vel.",
            choices=("Twist", "TwistStamped"), read_only=True, launch=True),
        Parameter("cmd_vel_timeout", 0.5,
            "Simulated time after which the robot stops without a further cmd_vel.",
            unit="s", minimum=0.01, maximum=60.0),
        Parameter("goal_tolerance", 1.0,
            "A goal in an obstacle counts as the nearest free place within this distance.",
            unit="m", minimum=0.0, maximum=10.0),
    ),
    "Frames": (
        Parameter("map_frame", "map",
            "Frame of pose, map, plan and goals. At the start odom_frame is the same.",
            read_only=True, launch=True),
        Parameter("odom_frame", "odom",
            "Frame of odom.",
            read_only=True, launch=True),
        Parameter("base_frame", "base_link",
            "Frame of the robot.",
            read_only=True, launch=True),
        Parameter("camera_frame", "camera_optical_frame",
            "Optical frame of the camera, in the headers of images.",
            read_only=True, launch=True),
        Parameter("localization", "perfect",
            "perfect: pose and TF map_frame → odom_frame have the robot's true pose, as a "
            "faultless localizer gives it. odometry: they have that of odometry, which drifts.",
            choices=("perfect", "odometry"), read_only=True, launch=True),
    ),
    "Diagnostics": (
        DIAGNOSTICS_PERIOD,
    ),
}
# fmt: on
"""By their headings in the YAML file and in docs/parameters.md."""
SIMULATION_PARAMETERS = tuple(one for group in SIMULATION_GROUPS.values() for one in group)
