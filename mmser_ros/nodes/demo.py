# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo: real photographs from one process to caption_node in another, watched by a third."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from time import monotonic

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mmser_ros.errors import MmserError
from mmser_ros.marked import print_caption
from mmser_ros.msg import SceneCaption
from mmser_ros.nodes.transport import use_large_shared_memory

PHOTOGRAPHS = {
    "skimage": ("data/astronaut.png", "data/chelsea.png", "data/coffee.png", "data/rocket.jpg"),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
}
"""Photographs by the package they come with."""
PATIENCE = 120.0
"""Seconds until the demo gives up: models load slowly on a busy machine."""


class DemoError(MmserError):
    """The demo can't run here, or did not end as it should."""


def find_photographs() -> list[Path]:
    """The photographs that scikit-image and scikit-learn ship.

    Raises:
        DemoError: a package is not installed.
    """
    paths = []
    for package, files in PHOTOGRAPHS.items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            msg = f"the demo's photographs come with {package}; run: pip install '.[demo]'"
            raise DemoError(msg)
        paths += [Path(spec.submodule_search_locations[0]) / file for file in files]
    return paths


@dataclass
class Watcher:
    """Hears images, captions and diagnostics, and prints captions as they arrive."""

    node: Node
    names: list[str]
    images: dict[tuple, str] = field(default_factory=dict)
    captions: dict[tuple, float] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        reliable = QoSProfile(depth=20)
        self.node.create_subscription(Image, "image", self._on_image, reliable)
        self.node.create_subscription(SceneCaption, "scene_caption", self._on_caption, reliable)
        self.node.create_subscription(
            DiagnosticArray, "/diagnostics", self._on_diagnostics, reliable
        )

    def _on_image(self, message: Image) -> None:
        self.images[_key(message.header)] = self.names[len(self.images) % len(self.names)]

    def _on_caption(self, message: SceneCaption) -> None:
        now = self.node.get_clock().now().nanoseconds
        stamp = message.header.stamp
        latency = (now - stamp.sec * 1_000_000_000 - stamp.nanosec) / 1e6
        self.captions[_key(message.header)] = latency
        name = self.images.get(_key(message.header), "an image not heard")
        figures = f"  ({message.confidence:.2f}, {latency:.0f} ms)"
        print_caption(message.initial_caption, message.caption, f"{name}: ", figures)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(self.node.get_namespace()):
                self.dropped = {
                    pair.key.removeprefix("dropped."): int(pair.value)
                    for pair in status.values
                    if pair.key.startswith("dropped.")
                }

    def complete(self) -> bool:
        """Whether every photograph was heard and is captioned or dropped."""
        ended = len(self.captions) + sum(self.dropped.values())
        return len(self.images) == len(self.names) and ended >= len(self.images)


def run_demo(model: str = "nano", passes: int = 1) -> int:
    """Run the demo and print its result as the last line, one JSON object.

    Args:
        model: as caption_node's parameter.
        passes: likewise; with more than one the words that changed are marked in a terminal.

    Returns:
        The exit status: 0 if every photograph was heard and its caption carries its header.

    Raises:
        DemoError: it can't run here, or nothing came in time.
    """
    photographs = find_photographs()
    use_large_shared_memory()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    namespace = f"/mmser_demo_{os.getpid()}"
    rclpy.init(args=[])
    try:
        node = Node("watcher", namespace=namespace)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        with tempfile.TemporaryDirectory() as folder:
            for number, path in enumerate(photographs):
                copy(path, Path(folder) / f"{number}_{path.name}")
            watcher = Watcher(node, [path.name for path in photographs])
            print("starting caption_node and replay_node …", flush=True)
            with (
                _node(
                    "caption_node",
                    namespace,
                    model=model,
                    passes=passes,
                    qos_reliability="reliable",
                ) as captioner,
                _node(
                    "replay_node",
                    namespace,
                    source=folder,
                    qos_reliability="reliable",
                    wait_for_subscribers=2,
                ) as replay,
            ):
                _watch(executor, watcher, captioner, replay)
    finally:
        rclpy.try_shutdown()
    latencies = list(watcher.captions.values()) or [0.0]
    p50, p99 = np.percentile(latencies, [50, 99])
    matching = watcher.captions.keys() <= watcher.images.keys()
    result = {
        "images": len(watcher.images),
        "captions": len(watcher.captions),
        "headers_match": matching,
        "dropped": watcher.dropped,
        "latency_ms": {"p50": round(float(p50), 1), "p99": round(float(p99), 1)},
    }
    print(json.dumps(result), flush=True)
    return 0 if matching and watcher.captions else 1


def _watch(
    executor: SingleThreadedExecutor,
    watcher: Watcher,
    captioner: subprocess.Popen,
    replay: subprocess.Popen,
) -> None:
    deadline = monotonic() + PATIENCE
    while not watcher.complete():
        executor.spin_once(timeout_sec=0.1)
        if captioner.poll() is not None or replay.poll():
            msg = "a node ended before the demo did; what it printed above says why"
            raise DemoError(msg)
        if monotonic() > deadline:
            msg = (
                f"heard {len(watcher.images)} images and {len(watcher.captions)} captions of "
                f"{len(watcher.names)} in {PATIENCE:.0f} s; is shared memory (/dev/shm) usable?"
            )
            raise DemoError(msg)


@contextmanager
def _node(name: str, namespace: str, **parameters: object) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", f"mmser_ros.nodes.{name}", "--ros-args"]
    command += ["-r", f"__ns:={namespace}", "--log-level", "warn"]
    for key, value in parameters.items():
        command += ["-p", f"{key}:={value}"]
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _key(header: Header) -> tuple[int, int, str]:
    return header.stamp.sec, header.stamp.nanosec, header.frame_id
