# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`mmser demo photos`: replay_node publishes photographs and poses for the other nodes."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from sensor_msgs.msg import CompressedImage

from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.demo.gallery import Walk, find_photographs, walk_past
from mmser_ros.demo.processes import ros_arguments
from mmser_ros.demo.questions import Answer, ask_questions
from mmser_ros.demo.result import conclude
from mmser_ros.demo.stage import DemoError, Stage
from mmser_ros.demo.watcher import Watcher
from mmser_ros.srv import CaptionImage, QueryScene

RATE = 2.0
"""Maximum images per second …"""
SHARE = 0.5
"""… and maximum share of the period that captioning takes, so that no image is dropped."""


def run_photos(model: str = DEFAULT_MODEL, passes: int = 1) -> int:
    """Run the demo with photographs and print its result as the last line, one JSON object.

    Args:
        model: as the parameter of caption_node.
        passes: as the parameter of caption_node; with more than one, changed words are marked.

    Returns:
        The exit status: 0 if every image was received and its caption has its header.

    Raises:
        DemoError: a package is missing, a message is missing, or the memory has too few objects.
        MmserError: a node gave up.
    """
    photographs = find_photographs()
    with tempfile.TemporaryDirectory() as folder, Stage() as stage:
        walk = walk_past(photographs, Path(folder))
        watcher = Watcher(stage.node, len(walk.names), lambda number, _: walk.names[number])
        answers = _run_nodes(stage, watcher, walk, model, passes)
    return conclude(watcher, [one.record() for one in answers])


def _run_nodes(stage: Stage, watcher: Watcher, walk: Walk, model: str, passes: int) -> list[Answer]:
    """Run the nodes until all captions are in the memory; then ask, and print the answers."""
    print("starting caption_node, memory_node and replay_node …", flush=True)

    def start(name: str, **parameters: object) -> None:
        said = ["-r", f"__ns:={stage.namespace}", "--log-level", "warn"]
        stage.start(name, [*said, *ros_arguments({"qos_reliability": "reliable", **parameters})])

    wait, call = partial(stage.wait, progress=watcher), partial(stage.call, progress=watcher)
    store = walk.trajectory.with_suffix(".sqlite")
    start("caption", model=model, passes=passes, ground=True)
    start("memory", map_id="gallery", store_path=store, pose_source="pose")
    wait(watcher.memory_receives)
    first = CompressedImage(data=min(walk.pictures.iterdir()).read_bytes())
    for _ in range(2):  # the first caption takes longer
        request = CaptionImage.Request(compressed_image=first)
        said = call(CaptionImage, "caption_node/caption_image", request)
        if not said.success:
            raise DemoError(said.message)
    start(
        "replay",
        source=walk.pictures,
        poses=walk.trajectory,
        rate=min(RATE, SHARE / said.caption.inference_time),
        wait_for_subscribers=2,
    )
    wait(watcher.captioned)
    wait(watcher.remembered)
    answers = ask_questions(partial(call, QueryScene, "memory_node/query"))
    for one in answers:
        print(one, flush=True)
    return answers
