# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""memory_node with the plain parser, which loads at once; and a robot to go with it."""

from functools import partial

from builtin_interfaces.msg import Time
from mmser_ros.msg import SceneCaption
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Header

from benchmarks.plain_words import PlainParser, PlainWords
from mmser_ros.memory.scene_memory import SceneMemory
from mmser_ros.nodes.common.conversions import caption_to_message
from mmser_ros.nodes.common.lifecycle import Program, run_lifecycle_nodes
from mmser_ros.nodes.common.scene_conversions import pose_to_message, stamp_of
from mmser_ros.nodes.memory.node import MemoryNode
from test.nodes.conftest import values, wait_until

MODULE = __name__
QUICK = {
    "pose_source": "odom",
    "qos_reliability": "reliable",
    "store_path": "none",
    "pose_buffer": 600.0,  # minutes of stamps pass in no time
    "pose_timeout": 10.0,  # a busy machine brings poses late
    "graph_period": 0.05,
    "diagnostics_period": 0.1,
    "map_id": "home",
    "use_sim_time": True,  # scenes begin at 0
}
"""Parameters for tests."""
NOW = 1000
"""Seconds: the simulated time, which is after all that scenes show."""


def open_plain(path, map_id, **options):
    return SceneMemory.open(path, map_id, parser=PlainParser(), words=PlainWords(), **options)


class Robot:
    """Publishes odometry and captions to the memory_node of its namespace."""

    def __init__(self, peer):
        self.peer = peer
        qos = QoSProfile(depth=100)
        self.odometry = peer.node.create_publisher(Odometry, "odom", qos)
        self.captions = peer.node.create_publisher(SceneCaption, "scene_caption", qos)
        self.said = 0
        self.now = NOW
        clock = peer.node.create_publisher(Clock, "/clock", 10)
        peer.node.create_timer(0.1, lambda: clock.publish(Clock(clock=Time(sec=self.now))))

    def connect(self):
        """Wait until the node hears this robot: until both sides have found each other."""
        wait_until(lambda: self.odometry.get_subscription_count() == 1, "the odometry's listener")
        wait_until(lambda: self.captions.get_subscription_count() == 2, "the peer and the node")
        wait_until(lambda: self.peer.node.count_publishers("scene_graph") == 1, "the graph")

        def hears(one):
            found = values(one)
            heard = [found["input"], found["poses"]]
            told = found["state"] == "active" and found["clock"] == "simulated"
            return told and all("compatible" in text for text in heard)

        status = self.peer.status(hears, "a node that hears")
        self.said = int(values(status)["received"])
        return self

    def counts(self):
        """The figures when every caption that this robot has said has its count."""

        def settled(one):
            found = values(one)
            counts = [int(count) for key, count in found.items() if key.startswith("dropped.")]
            return self.said == int(found["received"]) == int(found["observed"]) + sum(counts)

        return values(self.peer.status(settled, f"a count for each of {self.said} captions"))

    def stand(self, pose, stamp, frame="map"):
        message = Odometry(header=Header(stamp=stamp_of(stamp), frame_id=frame))
        message.pose.pose = pose_to_message(pose)
        self.odometry.publish(message)

    def say(self, caption, stamp, frame="camera"):
        header = Header(stamp=stamp_of(stamp), frame_id=frame)
        self.captions.publish(caption_to_message(caption, header))
        self.said += 1

    def see(self, *views):
        for one in views:
            self.stand(one.pose, one.stamp_ns)
            self.say(one.caption, one.stamp_ns)


if __name__ == "__main__":
    run_lifecycle_nodes([Program("memory_node", partial(MemoryNode, open_plain), threads=6)], None)
