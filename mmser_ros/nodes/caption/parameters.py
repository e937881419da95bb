# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of caption_node."""

from __future__ import annotations

from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.nodes.common.parameters import Parameter

CAPTION_PARAMETERS = (
    Parameter("autostart", True, "Configure and activate at start, without a manager.", fixed=True),
    Parameter(
        "model",
        DEFAULT_MODEL,
        "Name of a shipped model, or path of a checkpoint folder.",
        fixed=True,
    ),
    Parameter("device", "auto", "auto, cpu, cuda or cuda:N.", fixed=True),
    Parameter(
        "quantize",
        "auto",
        "Smaller numbers: int8 on a CPU; bf16, fp16 on a GPU; none; auto: int8 on a CPU that torch "
        "has an engine for, fp16 on a GPU.",
        choices=("auto", "none", "bf16", "fp16", "int8"),
        fixed=True,
    ),
    Parameter(
        "threads",
        "auto",
        "Processors that a caption is made on; auto: as OMP_NUM_THREADS says, else all but one, "
        "which is left to others.",
        choices=("auto",),
        least=1,
        greatest=1024,
        fixed=True,
    ),
    Parameter(
        "image_transport",
        "raw",
        "raw takes sensor_msgs/Image on `image`, compressed sensor_msgs/CompressedImage on "
        "`image`/compressed.",
        choices=("raw", "compressed"),
        fixed=True,
    ),
    Parameter(
        "qos_reliability",
        "best_effort",
        "Of the image subscription; best_effort hears every camera.",
        choices=("best_effort", "reliable"),
        fixed=True,
    ),
    Parameter(
        "qos_durability",
        "volatile",
        "Of the image subscription; volatile hears every camera.",
        choices=("volatile", "transient_local"),
        fixed=True,
    ),
    Parameter(
        "qos_depth", 10, "Images the middleware may keep for us.", least=1, greatest=100, fixed=True
    ),
    Parameter(
        "diagnostics_period",
        0.5,
        "Seconds between messages on /diagnostics.",
        least=0.05,
        greatest=60.0,
        fixed=True,
    ),
    Parameter(
        "input_timeout",
        1.5,
        "Seconds without an image until diagnostics say ERROR.",
        least=0.1,
        greatest=3600.0,
    ),
    Parameter("passes", 1, "Passes over a picture: 1 is the glance alone.", least=1, greatest=10),
    Parameter(
        "publish_glance",
        False,
        "With more than one pass: also publish the first caption, at once (refined is false).",
    ),
    Parameter(
        "min_confidence",
        0.0,
        "Confidence (0 to 1) below which a caption is not published but counted as "
        "low_confidence; 0: publish all. ~/caption_image answers in any case.",
        least=0.0,
        greatest=1.0,
    ),
    Parameter("beams", 1, "1 decodes greedily, more by beam search.", least=1, greatest=16),
    Parameter(
        "ground",
        False,
        "Find each caption's noun phrases and the region that each was seen in, for phrases of "
        "scene_caption; takes a tenth to a fifth longer on a CPU.",
    ),
    Parameter(
        "min_view",
        0.002,
        "Contrast (0 to 1) below which a picture shows nothing (black, covered, over-exposed): it "
        "is dropped as no_view; 0: caption all.",
        least=0.0,
        greatest=1.0,
    ),
    Parameter(
        "frozen_after",
        5.0,
        "Seconds that a camera may send one image, the same to the byte, before it is dropped as "
        "no_view; 0: for ever, as with use_sim_time, for a simulated camera has no noise.",
        least=0.0,
        greatest=3600.0,
    ),
    Parameter(
        "max_rate",
        0.0,
        "Captions a second at most; 0: as many as it can.",
        least=0.0,
        greatest=120.0,
    ),
    Parameter(
        "keyframe_threshold",
        0.0,
        "Skip a picture that differs less than this from the last captioned one (mean absolute "
        "difference of thumbnails, 0 to 1); 0: caption all. 0.02 skips a still view.",
        least=0.0,
        greatest=1.0,
    ),
)
