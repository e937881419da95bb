# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small bags to replay."""

import cv2
import numpy as np
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

SHADES = (10, 90, 200)
STORE = get_typestore(Stores.ROS2_JAZZY)


def plain(shade):
    return np.full((16, 24, 3), shade, np.uint8)


def write_bag(path, storage, compressed=False, encodings=("rgb8",) * 3, topics=("/eye",)):
    """A bag of three images a second apart on the first topic, and something else on /other."""
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
    return path
