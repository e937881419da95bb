# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How many images of a 30 Hz camera reach caption_node, and how fresh its captions are.

A camera in this process publishes 640x480 rgb8 images; caption_node, with its default parameters,
runs in a process of its own. Camera and node are watched from outside: the node's own count of
images received comes from /diagnostics, and whether a caption is of the newest image at the moment
it was started follows from the time it came, less its inference time, against the camera's log.

Prints one JSON object:
    python benchmarks/camera_intake.py --seconds 30
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
from time import monotonic, sleep

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from mmser_ros.msg import SceneCaption
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.nodes.common.dds_profile import use_large_shared_memory

WIDTH, HEIGHT = 640, 480
TRANSIT = 0.02
"""Seconds an image may be on its way: one sent later than that before a start need not be known."""


class Watcher(Node):
    """The camera, and the ear for captions and diagnostics."""

    def __init__(self) -> None:
        super().__init__("camera_intake", namespace=f"/camera_intake_{os.getpid()}")
        self.sent: list[float] = []
        self.captions: list[tuple[int, float, float]] = []
        self.values: dict[str, str] = {}
        self._pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        self._images = self.create_publisher(Image, "image", qos_profile_sensor_data)
        self.create_subscription(SceneCaption, "scene_caption", self._on_caption, 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def send(self) -> None:
        message = Image(height=HEIGHT, width=WIDTH, encoding="rgb8", step=3 * WIDTH)
        message.header.frame_id = str(len(self.sent))
        message.header.stamp = self.get_clock().now().to_msg()
        self._pixels[0, 0] = len(self.sent) % 256  # a camera whose images are all one is frozen
        message.data = self._pixels.tobytes()
        self.sent.append(monotonic())
        self._images.publish(message)

    def _on_caption(self, message: SceneCaption) -> None:
        number = int(message.header.frame_id)
        self.captions.append((number, monotonic(), message.inference_time))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(self.get_namespace()):
                self.values = {pair.key: pair.value for pair in status.values}

    def connected(self) -> bool:
        return self._images.get_subscription_count() > 0 and self.values.get("state") == "active"


def newest_share(sent: list[float], captions: list[tuple[int, float, float]]) -> float:
    """Share of captions whose image was the newest that could be known when they were started."""
    fresh = 0
    for number, came, inference in captions:
        started = came - inference
        later = [moment for moment in sent[number + 1 :] if moment < started - TRANSIT]
        fresh += not later
    return fresh / max(1, len(captions))


def run(seconds: float, rate: float, model: str) -> dict:
    use_large_shared_memory()
    rclpy.init()
    watcher = Watcher()
    executor = SingleThreadedExecutor()
    executor.add_node(watcher)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    command = [sys.executable, "-m", "mmser_ros.nodes.caption.node", "--ros-args"]
    command += ["-r", f"__ns:={watcher.get_namespace()}", "-p", f"model:={model}"]
    node = subprocess.Popen(command)
    try:
        while not watcher.connected():
            if node.poll() is not None:
                sys.exit("caption_node ended; what it printed above says why")
            sleep(0.1)
        begin = monotonic()
        for number in range(round(seconds * rate)):
            sleep(max(0.0, begin + number / rate - monotonic()))
            watcher.send()
        taken = monotonic() - begin
        settled = monotonic() + 3.0  # the last diagnostics count everything
        while monotonic() < settled:
            sleep(0.1)
    finally:
        node.terminate()
        node.wait()
        executor.shutdown()
        spinning.join()
        rclpy.try_shutdown()
    received = int(watcher.values["received"])
    return {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
        },
        "load_average": os.getloadavg()[0],
        "image": f"{WIDTH}x{HEIGHT} rgb8",
        "camera_rate_hz": round(len(watcher.sent) / taken, 2),
        "model": model,
        "published": len(watcher.sent),
        "received": received,
        "received_share": round(received / len(watcher.sent), 4),
        "lost_on_the_way": int(watcher.values["lost on the way"]),
        "captions": len(watcher.captions),
        "newest_share": round(newest_share(watcher.sent, watcher.captions), 4),
        "latency_ms": {
            name: float(watcher.values[f"latency {name} (ms)"]) for name in ("p50", "p99")
        },
        "dropped": {
            key.removeprefix("dropped."): int(value)
            for key, value in watcher.values.items()
            if key.startswith("dropped.")
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=30.0, help="Hz")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    print(json.dumps(run(options.seconds, options.rate, options.model)))
