# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A camera for half an hour, a busy processor, and faults one by one: do the nodes come through?

A camera in this process sends 640x480 rgb8 images at 15 Hz, and odometry. caption_node and
memory_node run in processes of their own, and so does a loop that keeps one processor busy. In the
second third of the time the camera is silent, its pictures go dark, its clock jumps a day ahead and
back, its images are malformed, and memory_node is killed and started again.

Prints one JSON object: memory (RSS) of both nodes in the last third over the second, what
diagnostics said of each fault and how long after its end they were OK again, and whether an
observation is gone that was on the disk.
    python benchmarks/soak.py --minutes 30 --json
"""

import argparse
import json
import math
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from time import monotonic, sleep

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rich.console import Console
from rich.progress import track
from sensor_msgs.msg import Image

from mmser_ros.core.images import load_picture
from mmser_ros.core.resources import DEFAULT_MODEL
from mmser_ros.demo.gallery import find_photographs
from mmser_ros.nodes.common.dds_profile import use_large_shared_memory

RATE = 15.0
WIDTH, HEIGHT = 640, 480
DAY = 86_400
FAULT = 10.0
"""Seconds that a fault lasts, at most a third of what there is for it."""
FAULTS = ("silent", "dark", "clock", "malformed", "killed")
NODES = ("caption_node", "memory_node")


@dataclass
class LastStatus:
    """The last status of a node, and its first problem during each fault."""

    level: bytes = DiagnosticStatus.STALE
    message: str = ""
    values: dict[str, str] = field(default_factory=dict)
    worst: dict[str, str] = field(default_factory=dict)
    """Fault → first message that was not OK."""


class Robot(Node):
    """The camera, the odometry, and the ear for diagnostics."""

    def __init__(self) -> None:
        super().__init__("soak", namespace=f"/soak_{os.getpid()}")
        self.fault = ""
        self.sent = 0
        self.status = {name: LastStatus() for name in NODES}
        self._photographs = [load_picture(path) for path in find_photographs()]
        self._images = self.create_publisher(Image, "image", qos_profile_sensor_data)
        self._odometry = self.create_publisher(Odometry, "odom", 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def send(self, seconds: float) -> None:
        """One image, of the moment `seconds` after the start, and the pose for it."""
        now = self.get_clock().now().to_msg()
        pose = Odometry()
        pose.header.stamp, pose.header.frame_id = now, "map"
        turn = seconds / 30.0  # once around in three minutes
        pose.pose.pose.position.x = 2.0 * math.cos(turn)
        pose.pose.pose.position.y = 2.0 * math.sin(turn)
        pose.pose.pose.orientation.z = math.sin(turn / 2)
        pose.pose.pose.orientation.w = math.cos(turn / 2)
        self._odometry.publish(pose)
        if self.fault == "silent":
            return
        message = Image(height=HEIGHT, width=WIDTH, encoding="rgb8", step=3 * WIDTH)
        message.header.stamp, message.header.frame_id = now, "camera"
        pixels = self._view(seconds)
        if self.fault == "dark":
            pixels = pixels // 200
        if self.fault == "clock":
            message.header.stamp.sec += DAY
        message.data = pixels.tobytes()[: 1000 if self.fault == "malformed" else None]
        self._images.publish(message)
        self.sent += 1

    def _view(self, seconds: float) -> np.ndarray:
        """A part of a photograph that moves across it; another photograph every five seconds."""
        photograph = self._photographs[int(seconds / 5) % len(self._photographs)]
        rows = (np.arange(HEIGHT) * photograph.shape[0] * 0.8 / HEIGHT).astype(int)
        columns = (np.arange(WIDTH) * photograph.shape[1] * 0.8 / WIDTH).astype(int)
        columns = columns + int(photograph.shape[1] * 0.2 * (seconds % 5) / 5)
        return photograph[rows][:, columns]

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            for name in NODES:
                if status.name.startswith(f"{self.get_namespace()}/{name}"):
                    last = self.status[name]
                    last.level, last.message = status.level, status.message
                    last.values = {pair.key: pair.value for pair in status.values}
                    if status.level != DiagnosticStatus.OK and self.fault:
                        last.worst.setdefault(self.fault, status.message)

    def well(self) -> bool:
        """Whether both nodes say that all is well."""
        return all(one.level == DiagnosticStatus.OK for one in self.status.values())


def begin_ros() -> tuple[Robot, SingleThreadedExecutor, threading.Thread]:
    use_large_shared_memory()
    rclpy.init()
    robot = Robot()
    executor = SingleThreadedExecutor()
    executor.add_node(robot)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    return robot, executor, spinning


def start(robot: Robot, name: str, **parameters: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        f"mmser_ros.nodes.{name.removesuffix('_node')}.node",
        "--ros-args",
    ]
    command += ["-r", f"__ns:={robot.get_namespace()}", "--log-level", "error"]
    for key, value in parameters.items():
        command += ["-p", f"{key}:={value}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def rss_mb(process: subprocess.Popen) -> float:
    """Memory of a process, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def saved(robot: Robot) -> int:
    """Observations that memory_node says are on the disk."""
    values = robot.status["memory_node"].values
    return int(values["observations"]) - int(values["unsaved"])


def run(minutes: float, model: str, store: Path) -> dict:
    robot, executor, spinning = begin_ros()
    remembering = {"store_path": str(store), "pose_source": "odom"}
    nodes = {
        "caption_node": start(robot, "caption_node", model=model),
        "memory_node": start(robot, "memory_node", **remembering),
    }
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    third = 60.0 * minutes / 3
    share = third / len(FAULTS)
    memory: dict[str, list[list[float]]] = {name: [[], [], []] for name in NODES}
    recovered: dict[str, float] = {}
    kept, ended, last, killed = {}, 0.0, "", False
    try:
        while any(one.level == DiagnosticStatus.STALE for one in robot.status.values()):
            robot.send(0.0)
            sleep(0.2)
        begin = monotonic()
        ticks = track(range(round(3 * third * RATE)), "soak", console=Console(stderr=True))
        for number in ticks:
            sleep(max(0.0, begin + number / RATE - monotonic()))
            now = monotonic() - begin
            place = now - third
            on = 0 <= place < third and place % share < min(FAULT, share / 3)
            robot.fault = FAULTS[int(place / share)] if on else ""
            if robot.fault:
                last, ended = robot.fault, now
            elif last and last not in recovered and now > ended + 1.0 and robot.well():
                recovered[last] = round(now - ended, 1)
            if robot.fault == "killed" and not killed:
                killed, kept["before"] = True, saved(robot)
                nodes["memory_node"].send_signal(signal.SIGKILL)
                nodes["memory_node"].wait()
                robot.status["memory_node"].level = DiagnosticStatus.STALE
                nodes["memory_node"] = start(robot, "memory_node", **remembering)
            robot.send(now)
            if number % round(RATE) == 0:
                for name, process in nodes.items():
                    memory[name][min(2, int(now / third))].append(rss_mb(process))
        settled = monotonic() + 10.0
        while monotonic() < settled:  # the camera goes on, or silence would be a fault
            robot.send(monotonic() - begin)
            sleep(1 / RATE)
        kept["after"] = saved(robot)
        end = {name: [one.level[0], one.message] for name, one in robot.status.items()}
    finally:
        for process in (*nodes.values(), busy):
            process.terminate()
            process.wait()
        executor.shutdown()
        spinning.join()
        rclpy.try_shutdown()
    return {
        "minutes": minutes,
        "model": model,
        **report(robot, memory, recovered),
        "on_disk_before_kill_and_at_the_end": [kept["before"], kept["after"]],
        "end": end,
    }


def report(robot: Robot, memory: dict[str, list[list[float]]], recovered: dict[str, float]) -> dict:
    captions = robot.status["caption_node"].values
    return {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
        },
        "load_average": os.getloadavg()[0],
        "image": f"{WIDTH}x{HEIGHT} rgb8 at {RATE:g} Hz",
        "published": robot.sent,
        **{key: int(captions[key]) for key in ("received", "captioned")},
        "dropped": {
            key.removeprefix("dropped."): int(value)
            for key, value in captions.items()
            if key.startswith("dropped.")
        },
        **figures(robot.status, memory, recovered, FAULTS),
    }


def figures(
    status: dict[str, LastStatus],
    memory: dict[str, list[list[float]]],
    recovered: dict[str, float],
    faults: Sequence[str],
) -> dict:
    """Memory by thirds of the time, and what the nodes said of the faults."""
    return {
        "rss_mb": {name: [round(mean(one), 1) for one in some] for name, some in memory.items()},
        "rss_last_over_second_third": {
            name: round(mean(some[2]) / mean(some[1]), 4) for name, some in memory.items()
        },
        "faults": {
            fault: {
                "said": {
                    name: one.worst[fault] for name, one in status.items() if fault in one.worst
                },
                "well_again_s": recovered.get(fault),
            }
            for fault in faults
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--json", action="store_true", help="one line, not indented")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(options.minutes, options.model, Path(folder) / "soak.sqlite")
    print(json.dumps(found, indent=None if options.json else 2))
