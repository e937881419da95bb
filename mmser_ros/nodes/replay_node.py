#!/usr/bin/env python3
# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""replay_node: a folder of pictures, a video or a bag becomes a camera."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from time import monotonic
from typing import Any

import rclpy
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage

from mmser_ros.errors import MmserError
from mmser_ros.nodes.parameters import Parameter, declare
from mmser_ros.nodes.replay_sources import Shot, SourceError, open_source
from mmser_ros.nodes.transport import use_large_shared_memory

REPLAY_PARAMETERS = (
    Parameter("source", "", "Folder of pictures, video file, or bag (folder, .mcap, .db3)."),
    Parameter("topic", "", "A bag's image topic; empty: its only one."),
    Parameter(
        "rate",
        0.0,
        "Images a second; 0: the source's own (a folder: 1).",
        least=0.0,
        greatest=240.0,
    ),
    Parameter("loop", False, "Begin again at the end."),
    Parameter("frame_id", "camera", "Frame of the headers; a bag keeps its own."),
    Parameter(
        "image_transport",
        "raw",
        "raw publishes sensor_msgs/Image on `image`, compressed sensor_msgs/CompressedImage on "
        "`image`/compressed. A bag's images stay as they were recorded.",
        choices=("raw", "compressed"),
    ),
    Parameter(
        "stamps",
        "now",
        "now: each image is stamped as it goes out; source: with its time in the bag or video, "
        "which jumps back when looping.",
        choices=("now", "source"),
    ),
    Parameter(
        "qos_reliability",
        "best_effort",
        "Of the publisher; reliable resends what was lost.",
        choices=("best_effort", "reliable"),
    ),
    Parameter(
        "wait_for_subscribers",
        0,
        "Hold the first image until so many subscribers are there.",
        least=0,
        greatest=100,
    ),
    Parameter("exit_when_done", True, "End the process after the last image."),
)


class ReplayNode(Node):
    """Publishes a source's images at their moments, from a thread of its own.

    Attributes:
        published: how many images went out.
        bad: how many could not be read.
        failure: why the replay ended early; empty if it did not.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("replay_node", **options)
        declare(self, REPLAY_PARAMETERS)
        self.published = 0
        self.failure = ""
        self.bad = 0
        self._stopping = threading.Event()
        self._source = open_source(
            Path(self._get("source")).expanduser(),
            topic=self._get("topic"),
            compressed=self._get("image_transport") == "compressed",
            on_bad=self._report_bad,
        )
        self._thread = threading.Thread(target=self._replay, name="replay")

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def destroy_node(self) -> None:
        """Stop publishing first."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        super().destroy_node()

    def _get(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _report_bad(self, text: str) -> None:
        self.bad += 1
        self.get_logger().warning(f"skipped: {text}")

    def _replay(self) -> None:
        try:
            self._publish_all()
            self.get_logger().info(f"replayed {self.published} images, skipped {self.bad}")
        except MmserError as error:
            self.failure = str(error)
        if self.failure or self._get("exit_when_done"):
            self.context.try_shutdown()

    def _publish_all(self) -> None:
        publisher = None
        while not self._stopping.is_set():
            begun, rate = monotonic(), self._get("rate")
            for number, shot in enumerate(self._source.shots()):
                if publisher is None:
                    publisher = self._open_publisher(type(shot.message))
                    begun = monotonic()
                moment = number / rate if rate > 0 else shot.moment
                if self._stopping.wait(max(0.0, begun + moment - monotonic())):
                    return
                self._stamp(shot)
                publisher.publish(shot.message)
                self.published += 1
            if publisher is None:
                msg = f"nothing in {self._get('source')} could be read as an image"
                raise SourceError(msg)
            if not self._get("loop"):
                # the last image must have arrived before the publisher goes
                publisher.wait_for_all_acked(Duration(seconds=5))
                return

    def _open_publisher(self, kind: type) -> Publisher:
        topic = self.resolve_topic_name("image")
        if kind is CompressedImage and not topic.endswith("/compressed"):
            topic += "/compressed"
        reliability = ReliabilityPolicy[self._get("qos_reliability").upper()]
        publisher = self.create_publisher(kind, topic, QoSProfile(depth=5, reliability=reliability))
        while publisher.get_subscription_count() < self._get("wait_for_subscribers"):
            if self._stopping.wait(0.05):
                break
        return publisher

    def _stamp(self, shot: Shot) -> None:
        header = shot.message.header
        header.frame_id = header.frame_id or self._get("frame_id")
        if self._get("stamps") == "now":
            header.stamp = self.get_clock().now().to_msg()
        elif header.stamp.sec == 0 and header.stamp.nanosec == 0:
            header.stamp = Time(nanoseconds=round(shot.moment * 1e9)).to_msg()


def main(args: list[str] | None = None) -> None:
    """Replay until the source ends or the process is interrupted; exit status 1 on failure."""
    use_large_shared_memory()
    rclpy.init(args=args)
    node = None
    failure = ""
    try:
        node = ReplayNode()
        node.start()
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (MmserError, ValueError, ParameterException) as error:
        failure = str(error)
    finally:
        if node is not None:
            node.destroy_node()
            failure = failure or node.failure
        rclpy.try_shutdown()
    if failure:
        sys.exit(f"replay_node: {failure}")


if __name__ == "__main__":
    main()
