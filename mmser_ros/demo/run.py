# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo: replay_node publishes photographs and poses for caption_node and memory_node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import rclpy
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage

from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.demo.gallery import DemoError, Walk, find_photographs, walk_past
from mmser_ros.demo.questions import QUESTIONS, Answer, ask_questions
from mmser_ros.demo.watcher import Watcher
from mmser_ros.nodes.common.dds_profile import use_large_shared_memory
from mmser_ros.srv import CaptionImage, QueryScene

RATE = 2.0
"""Maximum images per second …"""
SHARE = 0.5
"""… and maximum share of the period that captioning takes, so that no image is dropped."""
PATIENCE = 120.0
"""Maximum seconds for loading, and for the whole run: models load slowly on a busy machine."""


def run_demo(model: str = DEFAULT_MODEL, passes: int = 1) -> int:
    """Run the demo and print its result as the last line, one JSON object.

    Args:
        model: as the parameter of caption_node.
        passes: as the parameter of caption_node; with more than one, changed words are marked.

    Returns:
        The exit status: 0 if every image was received and its caption has its header.

    Raises:
        DemoError: a package is missing, a message is missing, or the memory has too few objects.
    """
    photographs = find_photographs()
    use_large_shared_memory()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    rclpy.init(args=[])
    try:
        with tempfile.TemporaryDirectory() as folder:
            walk = walk_past(photographs, Path(folder))
            node = Node("watcher", namespace=f"/mmser_demo_{os.getpid()}")
            watcher = Watcher(node, walk.names)
            answers = _run_nodes(node, watcher, walk, model, passes)
    finally:
        rclpy.try_shutdown()
    return conclude(watcher, answers)


def conclude(watcher: Watcher, answers: list[Answer]) -> int:
    """Print the result as one line of JSON; the exit status.

    Raises:
        DemoError: there are too few answers.
    """
    count = len(watcher.captions)
    latencies = list(watcher.captions.values()) or [0.0]
    p50, p99 = np.percentile(latencies, [50, 99])
    matching = watcher.captions.keys() <= watcher.images.keys()
    result = {
        "images": len(watcher.images),
        "captions": count,
        "headers_match": matching,
        "dropped": watcher.dropped,
        "latency_ms": {"p50": round(float(p50), 1), "p99": round(float(p99), 1)},
        "questions": [one.record() for one in answers],
    }
    print(json.dumps(result), flush=True)
    if len(answers) < QUESTIONS:
        msg = (
            f"after {count} captions the memory has {len(answers)} objects, expected {QUESTIONS}; "
            "an object needs several detections, and these captions name too few objects, or with "
            "too little confidence: try another model"
        )
        raise DemoError(msg)
    return 0 if matching and count else 1


def _run_nodes(node: Node, watcher: Watcher, walk: Walk, model: str, passes: int) -> list[Answer]:
    """Run the nodes until all captions are in the memory; then ask, and print the answers."""
    print("starting caption_node, memory_node and replay_node …", flush=True)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    here, running = node.get_namespace(), ExitStack()
    processes: list[subprocess.Popen] = []

    def start(name: str, **parameters: object) -> None:
        process = _process(name, here, qos_reliability="reliable", **parameters)
        processes.append(running.enter_context(process))

    def wait(condition: Callable[[], bool]) -> None:
        deadline = monotonic() + PATIENCE
        while not condition():
            executor.spin_once(timeout_sec=0.1)
            if any(one.poll() for one in processes):
                msg = "a node ended before the demo did; what it printed above says why"
                raise DemoError(msg)
            if monotonic() > deadline:
                msg = f"{watcher}, and no more in {PATIENCE:.0f} s; is /dev/shm usable?"
                raise DemoError(msg)

    def ask(client: Client, request: Any) -> Any:
        wait(client.service_is_ready)
        answer = client.call_async(request)
        wait(answer.done)
        return answer.result()

    with running:
        store = walk.trajectory.with_suffix(".sqlite")
        start("caption_node", model=model, passes=passes, ground=True)
        start("memory_node", map_id="gallery", store_path=store, pose_source="pose")
        wait(watcher.memory_receives)
        caption = node.create_client(CaptionImage, "caption_node/caption_image")
        first = CompressedImage(data=min(walk.pictures.iterdir()).read_bytes())
        for _ in range(2):  # the first caption takes longer
            said = ask(caption, CaptionImage.Request(compressed_image=first))
            if not said.success:
                raise DemoError(said.message)
        start(
            "replay_node",
            source=walk.pictures,
            poses=walk.trajectory,
            rate=min(RATE, SHARE / said.caption.inference_time),
            wait_for_subscribers=2,
        )
        wait(watcher.captioned)
        wait(watcher.remembered)
        query = node.create_client(QueryScene, "memory_node/query")
        answers = ask_questions(partial(ask, query))
        for one in answers:
            print(one, flush=True)
    return answers


@contextmanager
def _process(name: str, namespace: str, **parameters: object) -> Iterator[subprocess.Popen]:
    module = f"mmser_ros.nodes.{name.removesuffix('_node')}.node"
    command = [sys.executable, "-m", module, "--ros-args", "-r", f"__ns:={namespace}"]
    command += ["--log-level", "warn"]
    for key, value in parameters.items():
        command += ["-p", f"{key}:={value}"]
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
