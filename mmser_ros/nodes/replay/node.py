# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""replay_node: a folder of images, a video, a bag or a stream becomes a camera."""

from __future__ import annotations

import sys
from signal import SIGINT, SIGTERM, default_int_handler, signal
from threading import Thread
from time import monotonic, sleep
from typing import Any

import rclpy
from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import PoseStamped
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mmser_ros.core.errors import MmserError
from mmser_ros.nodes.common.command_line import start_ros, warn_of_idle_files
from mmser_ros.nodes.common.parameters import declare
from mmser_ros.nodes.common.scene_conversions import nanoseconds, pose_to_message
from mmser_ros.nodes.replay.live_sources import shown
from mmser_ros.nodes.replay.parameters import REPLAY_PARAMETERS
from mmser_ros.nodes.replay.sources import FOLDER_RATE, Shot, SourceError, open_source
from mmser_ros.nodes.replay.trajectories import Trajectory, open_trajectory

LONGEST = 3600.0
"""Seconds from one image to the next that a recording is believed."""


class ReplayNode(Node):
    """Publishes a source's images at their moments.

    Attributes:
        published: how many images went out.
        bad: how many could not be read.
        unplaced: for how many of those that went out there was no pose, though there are poses.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("replay_node", **options)
        declare(self, REPLAY_PARAMETERS)
        self.published = 0
        self.bad = 0
        self.unplaced = 0
        self._due = 0.0
        self._pause = 1.0 / FOLDER_RATE
        compressed = self._get("image_transport") == "compressed"
        self._shots = open_source(
            self._get("source"),
            topic=self._get("topic"),
            compressed=compressed,
            on_bad=self._report_bad,
        )
        topic = self.resolve_topic_name("image")
        if compressed and not topic.endswith("/compressed"):
            topic += "/compressed"
        reliability = ReliabilityPolicy[self._get("qos_reliability").upper()]
        qos = QoSProfile(depth=5, reliability=reliability)
        kind = CompressedImage if compressed else Image
        self._outputs = [self.create_publisher(kind, topic, qos)]
        self._trajectory: Trajectory | None = None
        if self._get("poses"):
            self._trajectory = open_trajectory(self._get("poses"), self._get("source"))
            self._outputs.append(self.create_publisher(PoseStamped, "pose", qos))

    def replay(self) -> None:
        """Publish every image at its moment; return when done, or when the context is shut down.

        Raises:
            SourceError: the source has no image that can be read.
        """
        try:
            self._replay_all()
        finally:
            text = f"replayed {self.published} images, skipped {self.bad}"
            text += f"; {self.unplaced} had no pose" if self._trajectory else ""
            self.get_logger().info(text)
        while self.context.ok() and not self._get("exit_when_done"):
            sleep(0.1)

    def _get(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _report_bad(self, text: str) -> None:
        self.bad += 1
        self.get_logger().warning(f"skipped: {text}")

    def _replay_all(self) -> None:
        while not self._awaited():
            sleep(0.05)
        looping = True
        while looping and self.context.ok():
            self._replay_once()
            if self.published == 0 and self.context.ok():
                msg = f"nothing in {shown(self._get('source'))} could be read as an image"
                raise SourceError(msg)
            looping = self._get("loop")
        # the last image must have arrived before the publisher goes
        for one in self._outputs:
            if self.context.ok() and not one.wait_for_all_acked(Duration(seconds=5)):
                text = f"a subscriber of {one.topic_name} did not confirm the last within 5 s"
                self.get_logger().warning(text)

    def _awaited(self) -> bool:
        wanted = self._get("wait_for_subscribers")
        there = [one.get_subscription_count() for one in self._outputs]
        return there[0] >= wanted and min(there) >= min(wanted, 1)

    def _replay_once(self) -> None:
        before = None
        for shot in self._shots():
            if before is not None:  # else it begins again, and the last pause is made again
                self._pause = self._checked(shot.moment - before)
            before = shot.moment
            if self.published == 0:
                self._due = monotonic()
            else:
                rate = self._get("rate")
                self._due += 1.0 / rate if rate > 0 else self._pause
            sleep(max(0.0, self._due - monotonic()))
            if not self.context.ok():
                return
            self._publish(shot)

    def _checked(self, pause: float) -> float:
        if 0.0 <= pause <= LONGEST:
            return pause
        text = f"from one image to the next {pause:.0f} s pass in {shown(self._get('source'))}; "
        text += f"expected 0 to {LONGEST:.0f}: it waits {1 / FOLDER_RATE:g} s"
        self.get_logger().warning(text)
        return 1 / FOLDER_RATE

    def _publish(self, shot: Shot) -> None:
        header = shot.message.header
        header.frame_id = header.frame_id or self._get("frame_id")
        if header.stamp.sec == 0 and header.stamp.nanosec == 0:
            header.stamp = Time(nanoseconds=round(shot.moment * 1e9)).to_msg()
        recorded = nanoseconds(header.stamp)
        if self._get("stamp_source") == "now":
            header.stamp = self.get_clock().now().to_msg()
        if self._trajectory is not None:
            self._publish_pose(self._trajectory, recorded, header.stamp)
        self._outputs[0].publish(shot.message)
        self.published += 1

    def _publish_pose(self, trajectory: Trajectory, recorded: int, stamp: TimeMessage) -> None:
        pose = trajectory.at(recorded)
        if pose is None:
            self.unplaced += 1
            text = f"no pose at {recorded / 1e9:.3f} s; {trajectory}; the timestamps of both must "
            text += "be of one clock, which for a folder or video begins at 0"
            self.get_logger().warning(text, once=True)
            return
        header = Header(stamp=stamp, frame_id=trajectory.frame)
        self._outputs[1].publish(PoseStamped(header=header, pose=pose_to_message(pose)))


def main(args: list[str] | None = None) -> None:
    """Replay until the source ends or the process is interrupted; exit status 1 on failure."""
    start_ros("replay_node", args)
    for one in (SIGINT, SIGTERM):  # a signal interrupts the replay
        signal(one, default_int_handler)
    executor = SingleThreadedExecutor()
    spinning = Thread(target=executor.spin, name="executor")
    try:
        node = ReplayNode()
        warn_of_idle_files([node], args)
        executor.add_node(node)
        spinning.start()
        node.replay()
    except KeyboardInterrupt:
        pass
    except (MmserError, ValueError, ParameterException) as error:
        sys.exit(f"replay_node: {error}")
    finally:
        executor.shutdown()
        if spinning.is_alive():
            spinning.join()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
