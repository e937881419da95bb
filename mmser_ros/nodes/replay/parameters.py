# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of replay_node."""

from __future__ import annotations

from mmser_ros.nodes.common.parameters import Parameter

# fmt: off
REPLAY_GROUPS: dict[str, tuple[Parameter, ...]] = {
    "Source": (
        Parameter("source", "",
            "Folder of images, video file, bag (folder, .mcap, .db3), camera (/dev/video0) or "
            "stream (rtsp://…).",
            read_only=True),
        Parameter("topic", "",
            "Image topic of a bag. Empty: the only one.",
            read_only=True),
        Parameter("poses", "",
            "Poses to publish as geometry_msgs/PoseStamped on `pose` with each image's stamp: a "
            "trajectory file (TUM format, frame map, same clock as the source), or a topic of "
            "the bag (Odometry, PoseStamped, PoseWithCovarianceStamped). Empty: none.",
            read_only=True),
        Parameter("rate", 0.0,
            "Rate of the images. 0: that of the source (a folder: 1 Hz).",
            unit="Hz", minimum=0.0, maximum=240.0),
        Parameter("loop", False,
            "Start again at the end."),
    ),
    "Output": (
        Parameter("frame_id", "camera",
            "Frame of the headers; images of a bag keep their own."),
        Parameter("image_transport", "raw",
            "raw: sensor_msgs/Image on `image`. compressed: sensor_msgs/CompressedImage on "
            "`image`/compressed. Images are converted if necessary.",
            choices=("raw", "compressed"), read_only=True),
        Parameter("stamp_source", "now",
            "now: stamp each image when it is published. source: use its time in the bag or "
            "video, which jumps back with loop.",
            choices=("now", "source"), read_only=True),
        Parameter("qos_reliability", "best_effort",
            "Reliability of the publisher; reliable sends lost images again.",
            choices=("best_effort", "reliable"), read_only=True),
        Parameter("wait_for_subscribers", 0,
            "Number of subscribers to wait for before the first image; with `poses` it also "
            "waits for one subscriber of `pose`.",
            minimum=0, maximum=100, read_only=True),
        Parameter("exit_when_done", True,
            "End the process after the last image."),
    ),
}
# fmt: on
"""By their headings in the YAML file and in docs/parameters.md."""
REPLAY_PARAMETERS = tuple(one for group in REPLAY_GROUPS.values() for one in group)
