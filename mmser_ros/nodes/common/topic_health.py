# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Why no image comes: what publishes on a topic, and whether it can reach us."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo

RAW, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
SUFFIX = "/compressed"
"""Of the topic that a camera's compressed images are on."""
COMPATIBLE = "QoS compatible"
"""How the explanation of an input ends that nothing keeps from arriving."""
PROFILE = "give the camera's process the shared memory of config/fastdds.xml"


def explain_input(node: Node, topic: str, type_name: str, qos: QoSProfile) -> str:
    """Say who publishes on a topic and what keeps it from arriving.

    Args:
        node: whose graph to ask.
        topic: fully resolved.
        type_name: what we subscribe to, such as `sensor_msgs/msg/Image`.
        qos: what we ask for.
    """
    publishers = node.get_publishers_info_by_topic(topic)
    if not publishers:
        others = [name for name, types in node.get_topic_names_and_types() if type_name in types]
        others = [name for name in others if node.count_publishers(name)]
        if other := _other_transport(node, topic, type_name):
            return f"no publisher; {other}"
        seen = f"; {type_name} is published on {', '.join(others[:5])}" if others else ""
        return f"no publisher{seen}"
    kinds = {one.topic_type for one in publishers} - {type_name}
    if kinds:
        return f"{_count(publishers)} of {', '.join(sorted(kinds))}, we asked for {type_name}"
    problems = [text for one in publishers if (text := _mismatch(one.qos_profile, qos))]
    if problems:
        return f"{_count(publishers)}, QoS incompatible: {problems[0]}"
    return f"{_count(publishers)}, {COMPATIBLE}"


def loss_cure(node: Node, topic: str, qos: QoSProfile) -> str:
    """What to do when images get lost on their way: the simplest cure first.

    Args:
        node: whose graph to ask.
        topic: of the images, fully resolved.
        qos: what we ask for.
    """
    cure = PROFILE
    if not topic.endswith(SUFFIX):
        cure += ", or take compressed images (image_transport: compressed)"
    offered = {one.qos_profile.reliability for one in node.get_publishers_info_by_topic(topic)}
    if qos.reliability != ReliabilityPolicy.RELIABLE and offered == {ReliabilityPolicy.RELIABLE}:
        return f"set qos_reliability: reliable, which the camera offers; or {cure}"
    return cure


def _other_transport(node: Node, topic: str, type_name: str) -> str:
    """Whether a camera's images come the other way, raw or compressed, than was asked for."""
    if type_name == RAW:
        beside, kind, transport = topic + SUFFIX, COMPRESSED, "compressed"
    elif type_name == COMPRESSED and topic.endswith(SUFFIX):
        beside, kind, transport = topic.removesuffix(SUFFIX), RAW, "raw"
    else:
        return ""
    if kind not in {one.topic_type for one in node.get_publishers_info_by_topic(beside)}:
        return ""
    return f"{kind} is published on {beside}: set image_transport: {transport}"


def _count(publishers: list[TopicEndpointInfo]) -> str:
    return f"{len(publishers)} publisher{'s' if len(publishers) != 1 else ''}"


def _mismatch(offered: QoSProfile, asked: QoSProfile) -> str:
    reliability = offered.reliability, asked.reliability
    if reliability == (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE):
        return "it is best_effort, we asked reliable (set qos_reliability: best_effort)"
    durability = offered.durability, asked.durability
    if durability == (DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL):
        return "it is volatile, we asked transient_local (set qos_durability: volatile)"
    return ""
