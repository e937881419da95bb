# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A camera with the middleware's default settings: its large images get lost, its small ones not.

It sends pictures of noise (some 900 kB as PNG), in turns with a picture of two greys (some
hundred bytes), until it is ended.
"""

import os
import time

import cv2
import numpy as np
import rclpy
from sensor_msgs.msg import CompressedImage

from mmser_ros.nodes.common.dds_profile import PROFILES

MODULE = __name__
PERIOD = 0.1
SMALL_EVERY = 4
SMALL = "small"
"""frame_id of the small ones."""


def png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


def main():
    rclpy.init()
    node = rclpy.create_node("camera")
    publisher = node.create_publisher(CompressedImage, "image/compressed", 5)
    large = png(np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8))
    small = png(np.repeat(np.uint8([[20, 200]]), 24, axis=1).repeat(48, axis=0))
    number = 0
    while True:
        number += 1
        message = CompressedImage(format="png", data=large if number % SMALL_EVERY else small)
        message.header.frame_id = "large" if number % SMALL_EVERY else SMALL
        message.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(message)
        time.sleep(PERIOD)


if __name__ == "__main__":
    for name in PROFILES:
        os.environ.pop(name, None)
    main()
