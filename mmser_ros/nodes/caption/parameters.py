# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of caption_node."""

from __future__ import annotations

from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.nodes.common.parameters import AUTOSTART, DIAGNOSTICS_PERIOD, Parameter

# fmt: off
CAPTION_GROUPS: dict[str, tuple[Parameter, ...]] = {
    "Model": (
        AUTOSTART,
        Parameter("model", DEFAULT_MODEL,
            "Name of a shipped model, path of a checkpoint folder, hf:NAME or hf:FOLDER (model of "
            "transformers), openai:NAME@URL (a server), or python:MODULE.CLASS (docs/models.md).",
            read_only=True, launch=True),
        Parameter("device", "auto",
            "Device of the model: auto, cpu, cuda or cuda:N.",
            read_only=True, launch=True),
        Parameter("quantize", "auto",
            "Number format of the weights: int8 (CPU), bf16 or fp16 (GPU), or none (float32). "
            "auto: int8 on a CPU if torch has an int8 engine, fp16 on a GPU, or another if it is "
            "clearly faster here (docs/performance.md); hf: models: none on a CPU, bf16 on a GPU. "
            "int4: hf: models on a GPU.",
            choices=("auto", "none", "bf16", "fp16", "int8", "int4"), read_only=True, launch=True),
        Parameter("threads", "auto",
            "Number of CPU threads of the model. auto: OMP_NUM_THREADS if it is set, else all "
            "processors but one.",
            minimum=1, maximum=1024, choices=("auto",), read_only=True, launch=True),
    ),
    "Models from elsewhere (hf: and openai:)": (
        Parameter("prompt", "",
            "What the model is asked, or how its captions begin. Empty: as style says.",
            read_only=True, launch=True),
        Parameter("style", "short",
            "short: captions of one sentence. detailed: of several.",
            choices=("short", "detailed"), read_only=True, launch=True),
        Parameter("max_tokens", 0,
            "Maximum number of tokens of a caption; 0: as style says.",
            minimum=0, maximum=2048, read_only=True, launch=True),
        Parameter("revision", "",
            "Branch, tag or commit of a model on the Hugging Face hub. Empty: the newest.",
            read_only=True, launch=True),
        Parameter("refiner", "",
            "Model of this package that makes the passes after the first, such as nano. Empty: the "
            "model makes them itself.",
            read_only=True, launch=True),
        Parameter("crops", 2,
            "Maximum number of crops that go with the image when the model looks at its caption "
            "again (passes: 2); they show what the caption's words point to. 0: the image alone.",
            minimum=0, maximum=5, read_only=True, launch=True),
        Parameter("compile", False,
            "Whether torch compiles the decoding of an hf: model; the start then takes minutes.",
            read_only=True, launch=True),
        Parameter("request_timeout", 10.0,
            "Time limit of an image at a server (openai:), for all passes and attempts together.",
            unit="s", minimum=0.1, maximum=3600.0, read_only=True, launch=True),
    ),
    "Captions": (
        Parameter("passes", 1,
            "Number of passes over an image; 1: the glance only.",
            minimum=1, maximum=10, launch=True),
        Parameter("refine_below", 1.0,
            "Confidence below which further passes refine a caption; 1: they refine all. See "
            "docs/performance.md. For models of this package.",
            minimum=0.0, maximum=1.0, read_only=True, launch=True),
        Parameter("publish_glance", False,
            "With more than one pass: also publish the caption of the glance at once (refined "
            "is false).",
            launch=True),
        Parameter("min_confidence", 0.0,
            "Minimum confidence of a published caption; others are counted as "
            "low_confidence. 0: publish all. ~/caption_image always answers.",
            minimum=0.0, maximum=1.0, launch=True),
        Parameter("beams", 1,
            "Number of beams of the beam search; 1: greedy decoding.",
            minimum=1, maximum=16, launch=True),
        Parameter("ground", False,
            "Find the noun phrases of each caption and their regions in the image. Adds a tenth "
            "to a fifth to the time on a CPU.",
            launch=True),
    ),
    "Input": (
        Parameter("image_transport", "raw",
            "raw: sensor_msgs/Image on `image`. compressed: sensor_msgs/CompressedImage on "
            "`image`/compressed.",
            choices=("raw", "compressed"), read_only=True, launch=True),
        Parameter("qos_reliability", "best_effort",
            "Reliability of the image subscription; best_effort is compatible with every "
            "camera.",
            choices=("best_effort", "reliable"), read_only=True),
        Parameter("qos_durability", "volatile",
            "Durability of the image subscription; volatile is compatible with every camera.",
            choices=("volatile", "transient_local"), read_only=True),
        Parameter("qos_depth", 10,
            "Queue size of the image subscription.",
            unit="images", minimum=1, maximum=100, read_only=True),
    ),
    "Skipped images": (
        Parameter("min_view", 0.002,
            "Minimum contrast of an image. An image below it (black, covered, "
            "over-exposed) is dropped as no_view. 0: caption all.",
            minimum=0.0, maximum=1.0, launch=True),
        Parameter("frozen_after", 5.0,
            "Time after which a camera that repeats one identical image counts as frozen; its "
            "images are dropped as no_view. 0: never. Ignored with use_sim_time, because "
            "simulated images have no noise.",
            unit="s", minimum=0.0, maximum=3600.0, launch=True),
        Parameter("max_rate", 0.0,
            "Maximum rate of captions; 0: no limit.",
            unit="Hz", minimum=0.0, maximum=120.0, launch=True),
        Parameter("keyframe_threshold", 0.0,
            "Minimum difference (mean absolute difference of thumbnails, 0 to 1) to the last "
            "captioned image; others are skipped. 0: caption all. 0.02 skips a still view.",
            minimum=0.0, maximum=1.0, launch=True),
    ),
    "Diagnostics": (
        Parameter("input_timeout", 1.5,
            "Time without an image after which diagnostics report ERROR.",
            unit="s", minimum=0.1, maximum=3600.0),
        DIAGNOSTICS_PERIOD,
    ),
}
# fmt: on
"""By their headings in the YAML file and in docs/parameters.md."""
CAPTION_PARAMETERS = tuple(one for group in CAPTION_GROUPS.values() for one in group)
