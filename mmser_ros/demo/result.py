# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The last line of a demo: one JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmser_ros.demo.questions import QUESTIONS
from mmser_ros.demo.stage import DemoError
from mmser_ros.demo.watcher import Watcher


def conclude(
    watcher: Watcher, questions: list[dict[str, Any]], more: Mapping[str, Any] | None = None
) -> int:
    """Print the result as one line of JSON; the exit status.

    Args:
        watcher: of the images and captions.
        questions: those that were answered.
        more: further values of the result.

    Returns:
        0 if there are captions, and each has the header of an image.

    Raises:
        DemoError: there are too few answers.
    """
    count = len(watcher.captions)
    p50, p99 = np.percentile(list(watcher.captions.values()) or [0.0], [50, 99])
    matching = watcher.captions.keys() <= watcher.images.keys()
    result = {
        "images": len(watcher.images),
        "captions": count,
        "headers_match": matching,
        "dropped": watcher.dropped,
        "latency_ms": {"p50": round(float(p50), 1), "p99": round(float(p99), 1)},
        "questions": questions,
        **(more or {}),
    }
    print(json.dumps(result), flush=True)
    if len(questions) < QUESTIONS:
        msg = (
            f"after {count} captions the memory has {len(questions)} objects to ask for, expected "
            f"{QUESTIONS}; an object needs several detections, and these captions name too few "
            "objects, or with too little confidence: try another model"
        )
        raise DemoError(msg)
    return 0 if matching and count else 1
