# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""memory_node and inputs that are of no use, over DDS."""

from itertools import count

from sensor_msgs.msg import CameraInfo

from benchmarks.made_scenes import pose, view
from mmser_ros.core.types import SECOND
from test.nodes.conftest import node_process, values, wait_until
from test.nodes.plain_memory_node import MODULE, QUICK, Robot


def test_the_log_names_what_is_of_no_use_and_why(make_peer):
    parameters = {**QUICK, "pose_timeout": 2.0}
    with node_process(MODULE, "/odd", **parameters) as node:
        robot = Robot(make_peer("/odd")).connect()
        infos = robot.peer.node.create_publisher(CameraInfo, "camera_info", 10)
        wait_until(lambda: infos.get_subscription_count() == 1, "the node's subscription")
        robot.stand(pose(0.0), 100 * SECOND, frame="odom")
        robot.peer.status(lambda one: "refused.pose_frame" in values(one), "the odd frame")
        robot.say(view("a mug", 0).caption, 100 * SECOND)
        assert robot.counts()["dropped.no_pose"] == "1"
        infos.publish(CameraInfo(width=640, height=480))
        stamps = count(101 * SECOND, SECOND // 100)

        def refused():  # soon: when the camera_info has come
            stamp = next(stamps)
            robot.stand(pose(0.0), stamp)
            robot.say(view("a mug", 0).caption, stamp)
            return "refused.camera_info" in robot.counts()

        wait_until(refused, "the refusal")
        assert int(robot.counts()["observed"]) > 0
        node.terminate()
        _, printed = node.communicate(timeout=60)
    assert "not remembered: poses on /odd/odom are in frame 'odom', map_frame is 'map'" in printed
    assert printed.count("camera_info: camera_info of 640x480 has the focal lengths 0 and 0") == 1
