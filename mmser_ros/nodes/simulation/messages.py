# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the simulator knows, as messages."""

from __future__ import annotations

import json
from collections.abc import Iterable

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped, Transform, TransformStamped, Vector3
from nav_msgs.msg import MapMetaData, OccupancyGrid, Odometry, Path
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mmser_ros.core.geometry import heading
from mmser_ros.core.types import Camera, Pose
from mmser_ros.nodes.common.scene_conversions import pose_to_message
from mmser_ros.simulation.home.ground_truth import GroundTruth
from mmser_ros.simulation.home.robot import flat_pose
from mmser_ros.simulation.navigation import FreeSpace, Point, Velocity

JPEG_QUALITY = 90
OCCUPIED = 100


def compressed_image(image: np.ndarray, header: Header) -> CompressedImage:
    """A JPEG of a (height, width, 3) uint8 RGB image."""
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    return CompressedImage(header=header, format="jpeg", data=data.tobytes())


def depth_image(depth: np.ndarray, header: Header) -> Image:
    """A 32FC1 image of (height, width) float32 metres."""
    height, width = depth.shape
    return Image(
        header=header, height=height, width=width, encoding="32FC1", step=4 * width,
        data=np.ascontiguousarray(depth, "<f4").tobytes(),
    )  # fmt: skip


def camera_info(camera: Camera, header: Header) -> CameraInfo:
    """The camera without distortion."""
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    return CameraInfo(
        header=header, width=camera.width, height=camera.height,
        distortion_model="plumb_bob", d=[0.0] * 5,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )  # fmt: skip


def odometry(pose: Pose, velocity: Velocity, header: Header, base: str) -> Odometry:
    """A pose by odometry, with the velocity in the frame of the robot."""
    message = Odometry(header=header, child_frame_id=base)
    message.pose.pose = pose_to_message(pose)
    message.twist.twist.linear.x = velocity.linear
    message.twist.twist.angular.z = velocity.angular
    return message


def transform(pose: Pose, stamp: Time, parent: str, child: str) -> TransformStamped:
    """A pose as a transform from its frame to the outer one."""
    message = pose_to_message(pose)
    at = message.position
    return TransformStamped(
        header=Header(stamp=stamp, frame_id=parent),
        child_frame_id=child,
        transform=Transform(
            translation=Vector3(x=at.x, y=at.y, z=at.z), rotation=message.orientation
        ),
    )


def correction(true: Pose, believed: Pose) -> Pose:
    """The pose of the frame of odometry in the map: it takes `believed` to `true`."""
    turn = heading(true.orientation) - heading(believed.orientation)
    cos, sin = np.cos(turn), np.sin(turn)
    x, y, _ = believed.position
    moved = true.position[0] - cos * x + sin * y, true.position[1] - sin * x - cos * y
    return flat_pose(float(moved[0]), float(moved[1]), turn)


def occupancy_grid(space: FreeSpace, header: Header) -> OccupancyGrid:
    """Walls and furniture as a map; outdoors is occupied."""
    rows, columns = space.clearance.shape
    info = MapMetaData(resolution=space.resolution, width=columns, height=rows)
    info.map_load_time = header.stamp
    info.origin.position.x, info.origin.position.y = space.origin
    info.origin.orientation.w = 1.0
    cells = np.where(space.clearance > 0, 0, OCCUPIED).astype(np.int8)
    return OccupancyGrid(header=header, info=info, data=cells.ravel().tolist())


def path(points: Iterable[Point], header: Header) -> Path:
    """A plan."""
    poses = [pose_to_message(flat_pose(x, y, 0.0)) for x, y in points]
    return Path(header=header, poses=[PoseStamped(header=header, pose=one) for one in poses])


def truth_json(truth: GroundTruth, stamp: int, pose: Pose) -> str:
    """Ground truth of a view, as JSON, with its stamp (nanoseconds) and the robot's true pose."""
    where = {"position": pose.position, "orientation": pose.orientation}
    return json.dumps({"stamp": stamp, "pose": where, **truth.as_dict()})
