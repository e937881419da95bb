# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small bags to replay."""

import cv2
import numpy as np
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

SHADES = (10, 90, 200)
STORE = get_typestore(Stores.ROS2_JAZZY)
POSE_TYPES = {
    "Odometry": "nav_msgs/msg/Odometry",
    "PoseStamped": "geometry_msgs/msg/PoseStamped",
    "PoseWithCovarianceStamped": "geometry_msgs/msg/PoseWithCovarianceStamped",
}


def plain(shade):
    return np.full((16, 24, 3), shade, np.uint8)


def write_bag(
    path, storage, compressed=False, encodings=("rgb8",) * 3, topics=("/eye",), poses=None
):
    """A bag of three images a second apart on the first topic, and something else on /other.

    With `poses`, a type, there are some on /where, too: half a second before and after each image,
    going forward at half a metre a second from x = 49.75 on.
    """
    types = STORE.types
    header, time = types["std_msgs/msg/Header"], types["builtin_interfaces/msg/Time"]
    name = "sensor_msgs/msg/CompressedImage" if compressed else "sensor_msgs/msg/Image"
    with Writer(path, version=9, storage_plugin=storage) as bag:
        eye, *_ = [bag.add_connection(topic, name, typestore=STORE) for topic in topics]
        other = bag.add_connection("/other", "std_msgs/msg/String", typestore=STORE)
        for number, shade in enumerate(SHADES):
            stamp = header(stamp=time(sec=100 + number, nanosec=5), frame_id="bag_eye")
            if compressed:
                data = cv2.imencode(".png", plain(shade))[1].reshape(-1)
                message = types[name](header=stamp, format="png", data=data)
            else:
                data = np.pad(plain(shade).reshape(16, -1), ((0, 0), (0, 8))).reshape(-1)
                message = types[name](
                    header=stamp,
                    height=16,
                    width=24,
                    encoding=encodings[number],
                    is_bigendian=0,
                    step=80,
                    data=data,
                )
            moment = (100 + number) * 1_000_000_000
            bag.write(eye, moment, STORE.serialize_cdr(message, name))
            text = types["std_msgs/msg/String"](data="x")
            bag.write(other, moment, STORE.serialize_cdr(text, "std_msgs/msg/String"))
        if poses:
            name = POSE_TYPES[poses]
            where = bag.add_connection("/where", name, typestore=STORE)
            for number in range(len(SHADES) + 1):
                seconds = 99.5 + number
                stamp = header(stamp=time(sec=99 + number, nanosec=500_000_000), frame_id="odom")
                data = STORE.serialize_cdr(pose_message(poses, stamp, seconds / 2), name)
                bag.write(where, round(seconds * 1e9), data)
    return path


def pose_message(kind, header, x):
    """A message of one of POSE_TYPES, facing ahead."""
    types = STORE.types
    vector = types["geometry_msgs/msg/Vector3"](x=0.0, y=0.0, z=0.0)
    pose = types["geometry_msgs/msg/Pose"](
        position=types["geometry_msgs/msg/Point"](x=x, y=0.0, z=0.0),
        orientation=types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0),
    )
    if kind == "PoseStamped":
        return types[POSE_TYPES[kind]](header=header, pose=pose)
    unknown = np.zeros(36)
    pose = types["geometry_msgs/msg/PoseWithCovariance"](pose=pose, covariance=unknown)
    if kind == "PoseWithCovarianceStamped":
        return types[POSE_TYPES[kind]](header=header, pose=pose)
    twist = types["geometry_msgs/msg/Twist"](linear=vector, angular=vector)
    twist = types["geometry_msgs/msg/TwistWithCovariance"](twist=twist, covariance=unknown)
    return types[POSE_TYPES[kind]](header=header, child_frame_id="base", pose=pose, twist=twist)


def write_mcap(path, start=100, count=6, chunk_size=1):
    """An MCAP file as a recorder writes it: images on /eye a second apart, a chunk for each."""
    name = "sensor_msgs/msg/Image"
    types = STORE.types
    with path.open("wb") as stream:
        writer = McapWriter(stream, chunk_size=chunk_size, compression=CompressionType.NONE)
        writer.start("ros2", "test")
        text = STORE.generate_msgdef(name, ros_version=2)[0].encode()
        schema = writer.register_schema(name, "ros2msg", text)
        channel = writer.register_channel("/eye", "cdr", schema)
        for number in range(count):
            stamp = types["builtin_interfaces/msg/Time"](sec=start + number, nanosec=5)
            message = types[name](
                header=types["std_msgs/msg/Header"](stamp=stamp, frame_id="bag_eye"),
                height=16, width=24, encoding="rgb8", is_bigendian=0, step=72,
                data=plain(10 * number).reshape(-1),
            )  # fmt: skip
            moment = (start + number) * 1_000_000_000
            writer.add_message(channel, moment, bytes(STORE.serialize_cdr(message, name)), moment)
        writer.finish()
    return path
